// Requests that are nearly right, from a seed: a good body with something in it broken, or a good one.
import { EXAMPLES } from "./example-bodies.ts";
import type { Json } from "./example-bodies.ts";
import type { GeneratedRequest, Random } from "./generated-request.ts";
import { generateForm, generateStored } from "./other-requests.ts";

const OTHERS: Readonly<Record<string, (random: Random, models: readonly string[]) => GeneratedRequest>> = {
  transcriptions: (random, models) => generateForm("/v1/audio/transcriptions", random, models),
  translations: (random, models) => generateForm("/v1/audio/translations", random, models),
  "stored responses": generateStored,
};

export const GENERATED_FRONTS: readonly string[] = [...Object.keys(EXAMPLES), ...Object.keys(OTHERS)];

/** The same seed gives the same requests. */
export function createRequestGenerator(
  front: string,
  seed: number,
  models: readonly string[],
): () => GeneratedRequest {
  const random = createRandom(seed);
  const other = OTHERS[front];
  if (other) return () => other(random, models);
  const { path, bodies, headers } = EXAMPLES[front]!;
  return () => {
    const body = structuredClone(random.pick(bodies)) as { [name: string]: Json };
    if ("model" in body) body["model"] = random.pick(models);
    for (let left = random.below(4); left > 0; left--) mutate(body, random);
    const bytes = Buffer.from(JSON.stringify(body));
    return {
      method: "POST",
      path,
      headers: { "content-type": "application/json", ...headers },
      body: random.below(12) === 0 ? damage(bytes, random) : bytes,
    };
  };
}

/** Mulberry32. */
function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { below, pick: (list) => list[below(list.length)]! };
}

const WORDS = [
  "",
  "text",
  "user",
  "assistant",
  "tool",
  "auto",
  "required",
  "json_schema",
  "\u0000",
  "\ud800",
  "👩‍👩‍👧‍👦 ﷽ ‮evil",
  "__proto__",
  "data:image/png;base64,!!!!",
  "http://169.254.169.254/latest/meta-data",
  "../../etc/passwd",
  "x".repeat(5000),
  '{"a":',
  "1e999",
  "[DONE]",
  "\r\n\r\nevent: x\ndata: y\n\n",
];
const NUMBERS = [0, -1, 1, 2, 0.5, -0, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 53, 1e21, 129, 4_294_967_296];
const NAMES = [
  "stream",
  "n",
  "max_tokens",
  "stop",
  "tools",
  "tool_choice",
  "messages",
  "content",
  "type",
  "input",
  "role",
  "x_unknown",
  "__proto__",
  "constructor",
  "toJSON",
  "temperature",
  "store",
  "metadata",
  "previous_response_id",
  "response_format",
  "thinking",
  "stream_options",
];

function anyValue(random: Random, depth = 0): Json {
  switch (random.below(depth > 2 ? 5 : 8)) {
    case 0:
      return null;
    case 1:
      return random.below(2) === 0;
    case 2:
      return random.pick(NUMBERS);
    case 3:
    case 4:
      return random.pick(WORDS);
    case 5:
      return Array.from({ length: random.below(4) }, () => anyValue(random, depth + 1));
    case 6: {
      const members = Array.from({ length: random.below(4) }, () => [
        random.pick(NAMES),
        anyValue(random, depth + 1),
      ]);
      return Object.fromEntries(members) as Json;
    }
    default:
      return nested(random.pick([3, 30, 99, 101, 300]), random);
  }
}

function nested(depth: number, random: Random): Json {
  let value: Json = random.pick(WORDS);
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

type Place = { holder: Json[]; key: number } | { holder: { [name: string]: Json }; key: string };

/** Breaks, removes, repeats or adds one thing, anywhere. */
function mutate(body: { [name: string]: Json }, random: Random): void {
  const places = collectPlaces(body).filter(({ key }) => key !== "model" || random.below(10) === 0);
  if (places.length === 0) return;
  const { holder, key } = random.pick(places);
  switch (random.below(6)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(key as number, 1);
      else delete holder[key as string];
      return;
    case 1:
      if (Array.isArray(holder)) holder.push(structuredClone(holder[key as number]!));
      else define(holder, random.pick(NAMES), structuredClone(holder[key as string]!));
      return;
    case 2:
      if (Array.isArray(holder)) holder.splice(key as number, 0, anyValue(random));
      else define(holder, random.pick(NAMES), anyValue(random));
      return;
    default:
      if (Array.isArray(holder)) holder[key as number] = anyValue(random);
      else define(holder, key as string, anyValue(random));
  }
}

/** `__proto__` too is a member here. */
function define(holder: { [name: string]: Json }, name: string, value: Json): void {
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
}

function collectPlaces(value: Json, places: Place[] = []): Place[] {
  if (Array.isArray(value)) {
    value.forEach((item, key) => {
      places.push({ holder: value, key });
      collectPlaces(item, places);
    });
  } else if (typeof value === "object" && value !== null) {
    for (const key of Object.keys(value)) {
      places.push({ holder: value, key });
      collectPlaces(value[key]!, places);
    }
  }
  return places;
}

/** Below JSON: cut, flipped, doubled, not UTF-8. */
function damage(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length);
  switch (random.below(5)) {
    case 0:
      return bytes.subarray(0, at);
    case 1: {
      const flipped = Buffer.from(bytes);
      flipped[at] = random.below(256);
      return flipped;
    }
    case 2:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([0xff, 0xc0]), bytes.subarray(at)]);
    case 3:
      return Buffer.from(bytes.toString("utf8").replace("{", '{"model":"twice","stream":true,'));
    default:
      return Buffer.concat([bytes, bytes]);
  }
}
