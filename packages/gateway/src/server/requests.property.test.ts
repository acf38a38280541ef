// Whatever arrives, there is an answer: no crash, no hang, no 500, and every refusal has a code.
import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { after, before, describe, it } from "node:test";
import { createMarkovModel, MarkovDirectory, openConnection } from "@homegrown/testing";
import * as fc from "fast-check";
import { startGateway } from "../index.ts";
import type { Gateway } from "../index.ts";

const SEED = 20_261_122;
const BODIES_PER_RUN = 10;
const NUM_RUNS = 200;
const ANSWER_WITHIN_MS = 5000;
const STATUSES = new Set([200, 400, 404]);

const junk = fc.jsonValue({ maxDepth: 3 });
const rarely = <T>(unusual: fc.Arbitrary<T>, usual: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 1, arbitrary: unusual }, { weight: 15, arbitrary: usual });
const number = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });
const integer = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const text = fc.string({ unit: "binary", maxLength: 12 });
const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });

const textPart = fc.record({ type: fc.constant("text"), text });
const message = fc.record(
  {
    role: rarely(
      fc.constantFrom("tool", "wizard"),
      fc.constantFrom("system", "developer", "user", "assistant"),
    ),
    content: fc.oneof(text, fc.array(rarely(fc.record({ type: words, text }), textPart), { maxLength: 3 })),
    name: text,
    tool_calls: rarely<unknown>(fc.constant([{}]), fc.constantFrom([], null)),
  },
  { requiredKeys: ["role", "content"] },
);
const sampling = {
  model: rarely(fc.constant("nobody"), fc.constant("m")),
  stream: fc.boolean(),
  stream_options: fc.record({ include_usage: fc.boolean() }),
  max_tokens: integer(1, 5),
  temperature: number(0, 2),
  top_p: number(0.01, 1),
  presence_penalty: number(-2, 2),
  frequency_penalty: number(-2, 2),
  logit_bias: fc.dictionary(fc.nat(300).map(String), integer(-100, 100)),
  seed: fc.maxSafeInteger(),
  stop: fc.oneof(words, fc.array(words, { maxLength: 4 })),
  n: integer(1, 3),
  user: text,
};
const chat = fc.record(
  {
    ...sampling,
    messages: fc.array(message, { minLength: 1, maxLength: 4 }),
    max_completion_tokens: integer(1, 5),
    logprobs: fc.constant(true),
    response_format: fc.oneof(
      fc.record({ type: fc.constantFrom("text", "json_object") }),
      fc.record({
        type: fc.constant("json_schema"),
        json_schema: fc.record({ name: fc.constant("x"), schema: fc.object(), strict: fc.boolean() }),
      }),
    ),
    metadata: fc.dictionary(words, text),
    tools: fc.constant([]),
  },
  { requiredKeys: ["model", "messages", "max_tokens"] },
);
const tokenIds = fc.array(rarely(integer(-1, 300), fc.nat(255)), { minLength: 1, maxLength: 4 });
const completion = fc.record(
  {
    ...sampling,
    prompt: fc.oneof(
      text,
      fc.array(text, { minLength: 1, maxLength: 3 }),
      tokenIds,
      fc.array(tokenIds, { minLength: 1, maxLength: 3 }),
    ),
    logprobs: integer(0, 6),
    echo: rarely(fc.constant(true), fc.constant(false)),
    suffix: fc.constant(""),
  },
  { requiredKeys: ["model", "prompt", "max_tokens"] },
);
/** Half as they are, half with one field of another value; then what is not even an object. */
const bodyOf = (request: fc.Arbitrary<object>): fc.Arbitrary<string | Uint8Array> => {
  const damaged = fc
    .tuple(request, fc.nat(), fc.oneof(junk, integer(-3, 12), fc.double()))
    .map(([body, at, value]) => ({ ...body, [Object.keys(body)[at % Object.keys(body).length]!]: value }));
  const structured = fc.oneof(request, damaged);
  return fc.oneof(
    { weight: 12, arbitrary: structured.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: junk.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: structured.map((value) => JSON.stringify(value).slice(0, -3)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
  );
};

describe("2,000 generated bodies are answered", () => {
  const model = createMarkovModel({ modelId: "m", order: 2, contextLength: 120 });
  const directory = new MarkovDirectory({ m: { version: "m@1", model } });
  const agent = new Agent({ keepAlive: true, maxSockets: BODIES_PER_RUN });
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway({ directory });
  });
  after(async () => {
    agent.destroy();
    await gateway.close();
    assert.equal(directory.held, 0);
    assert.equal(directory.releasedTwice, 0);
    assert.equal(model.running, 0);
  });

  for (const [path, structured] of [
    ["/v1/chat/completions", chat],
    ["/v1/completions", completion],
  ] as const) {
    it(path, async () => {
      const counts = new Map<number, number>();
      const run = fc.array(bodyOf(structured), { minLength: BODIES_PER_RUN, maxLength: BODIES_PER_RUN });
      await fc.assert(
        fc.asyncProperty(run, async (bodies) => {
          const answers = await Promise.all(bodies.map((body) => send(`${gateway.url}${path}`, agent, body)));
          for (const { status, text } of answers) {
            assert.ok(STATUSES.has(status), `${status}: ${text}`);
            counts.set(status, (counts.get(status) ?? 0) + 1);
            checkAnswer(status, text);
          }
        }),
        { numRuns: NUM_RUNS, seed: SEED },
      );
      // The generator must reach both sides of the border, or the property says little.
      assert.ok(
        counts.get(200)! > 400 && counts.get(400)! > 400 && counts.get(404)! > 20,
        JSON.stringify([...counts]),
      );
    });
  }

  it("and 100 connections of generated bytes are closed", async () => {
    const line = fc.oneof(
      fc.constantFrom("GET / HTTP/1.1\r\n", "POST /v1/completions HTTP/1.1\r\nhost: a\r\n"),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(line, fc.uint8Array({ maxLength: 40 })), { maxLength: 3 }),
        async (pieces) => {
          const connection = await openConnection(gateway.url);
          for (const [text, bytes] of pieces)
            connection.socket.write(Buffer.concat([Buffer.from(text), bytes]));
          connection.socket.end();
          await connection.closed;
        },
      ),
      { numRuns: 100, seed: SEED },
    );
    assert.equal((await send(`${gateway.url}/v1/models`, agent)).status, 200);
  });
});

function checkAnswer(status: number, text: string): void {
  if (status !== 200) {
    const { error } = JSON.parse(text) as { error: { code: unknown; message: unknown } };
    assert.ok(typeof error.code === "string" && error.code !== "");
    assert.ok(typeof error.message === "string" && error.message !== "");
    return;
  }
  if (text.startsWith("data: ")) {
    const events = text.trimEnd().split("\n\n");
    const last = events.pop()!;
    for (const event of events) assert.equal(typeof JSON.parse(event.slice("data: ".length)), "object");
    // One bad prompt of a batch may show when the first has begun to be answered.
    if (last.startsWith('data: {"error":')) checkAnswer(400, last.slice("data: ".length));
    else assert.equal(last, "data: [DONE]");
    return;
  }
  assert.ok((JSON.parse(text) as { choices: unknown[] }).choices.length > 0);
}

function send(
  url: string,
  agent: Agent,
  body?: string | Uint8Array,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method: body === undefined ? "GET" : "POST" }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    outgoing.setTimeout(ANSWER_WITHIN_MS, () => outgoing.destroy(new Error("no answer in time")));
    outgoing.on("error", reject);
    if (body !== undefined) outgoing.setHeader("content-type", "application/json");
    outgoing.end(body);
  });
}
