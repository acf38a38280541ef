import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { answerKey } from "./answer-key.ts";
import type { AnswerQuestion } from "./answer-key.ts";

const SETTINGS = {
  ttlSeconds: 60,
  maxEntries: 10,
  maxBytes: 10_000,
  maxAnswerBytes: 5000,
  scope: "key",
  when: "deterministic",
} as const;
const BODY = { model: "fast", messages: [{ role: "user", content: "Hi" }], temperature: 0 };
const keyOf = (changes: Partial<AnswerQuestion> = {}, settings: object = {}): string | undefined =>
  answerKey(
    {
      dialect: "openai/chat-completions",
      body: BODY,
      alias: "fast",
      headers: {},
      version: "own/first@v1",
      keyId: "k1",
      ...changes,
    },
    { ...SETTINGS, ...settings },
  );

const keyOfBody = (body: object): string | undefined =>
  keyOf({ body: { ...body, temperature: 0, store: false } });

describe("the key of an answer", () => {
  it("is the same for the same question, however it is written and whatever it is labelled", () => {
    const written = { temperature: 0, messages: [{ content: "Hi", role: "user" }], model: "fast" };
    const labelled = { ...BODY, user: "u", metadata: { a: "b" }, prompt_cache_key: "x", stream: false };
    assert.equal(keyOf({ body: written }), keyOf());
    assert.equal(keyOf({ body: labelled }), keyOf());
    assert.match(keyOf()!, /^[\w-]{43}$/);
  });

  it("differs with its labels where the answer repeats them", () => {
    const labels = [{}, { user: "alice" }, { metadata: { ticket: "1" } }, { user: "bob" }];
    const bodies = labels.map((label) => ({ ...BODY, store: false, ...label }));
    const keys = bodies.map((body) => keyOf({ dialect: "openai/responses", body }, { scope: "shared" }));
    assert.equal(new Set(keys).size, 4);
  });

  it("differs with whatever may change the answer or who may see it", () => {
    const keys = [
      keyOf(),
      keyOf({ keyId: "k2" }),
      keyOf({ alias: "slow" }),
      keyOf({ version: "own/first@v2" }),
      keyOf({ dialect: "openai/completions" }),
      keyOf({ body: { ...BODY, stream: true } }),
      keyOf({ body: { ...BODY, stream: true, stream_options: { include_usage: true } } }),
      keyOf({ body: { ...BODY, seed: 1 } }),
      keyOf({ body: { ...BODY, unknown_field: 1 } }),
      keyOf({ body: { ...BODY, messages: [] } }),
      keyOf({ headers: { "anthropic-beta": "x" } }),
      keyOf({ body: { ...BODY, response_format: { schema: { a: 1, b: 2 } } } }),
      keyOf({ body: { ...BODY, response_format: { schema: { b: 2, a: 1 } } } }),
      keyOf({}, { scope: "shared" }),
    ];
    assert.equal(new Set(keys).size, keys.length);
    assert.ok(!keys.includes(undefined));
    assert.equal(keyOf({}, { scope: "shared" }), keyOf({ keyId: "k2" }, { scope: "shared" }));
    assert.notEqual(keyOf({ keyId: "a", alias: "b c" }), keyOf({ keyId: "a b", alias: "c" }));
  });

  it("is none where the answer is sampled, unless that is asked for", () => {
    for (const temperature of [undefined, null, 0.1, "0"]) {
      assert.equal(keyOf({ body: { ...BODY, temperature } }), undefined);
      assert.notEqual(keyOf({ body: { ...BODY, temperature } }, { when: "always" }), undefined);
    }
    assert.notEqual(keyOf({ dialect: "openai/embeddings", body: { model: "e", input: "Hi" } }), undefined);
  });

  it("is none where the answer depends on more than the body, or is no JSON", () => {
    const always = { when: "always" };
    const dialect = "openai/responses";
    assert.notEqual(keyOf({ dialect, body: { input: "Hi", store: false } }, always), undefined);
    const bodies = [
      { input: "Hi" },
      { input: "Hi", store: true },
      { input: "Hi", store: false, previous_response_id: "r" },
      { input: "Hi", store: false, conversation: "c" },
      { input: "Hi", store: false, background: true },
    ];
    for (const body of bodies) assert.equal(keyOf({ dialect, body }, always), undefined);
    assert.equal(keyOf({ body: { ...BODY, store: true } }, always), undefined);
    for (const dialect of ["openai/transcriptions", "openai/speech", "anthropic/count-tokens"] as const) {
      assert.equal(keyOf({ dialect }, always), undefined);
    }
    for (const body of [undefined, null, "text", [BODY]]) assert.equal(keyOf({ body }, always), undefined);
  });

  it("is equal exactly for bodies that are equal but for the order of members", () => {
    const body = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { noNullPrototype: true });
    const shuffle = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffle);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .toReversed()
          .map(([name, inner]) => [name, shuffle(inner)]),
      );
    };
    const property = fc.property(body, body, (a, b) => {
      assert.equal(keyOfBody(a), keyOfBody(shuffle(a) as object));
      const isSame = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
      if (keyOfBody(a) === keyOfBody(b)) assert.ok(isSame || onlyLabelsDiffer(a, b));
      else assert.ok(!isSame);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => [name, sorted(inner)]);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

function onlyLabelsDiffer(a: object, b: object): boolean {
  const labels = ["user", "metadata", "model", "stream", "temperature", "store", "client_metadata"];
  const strip = (value: object): unknown =>
    sorted(Object.fromEntries(Object.entries(value).filter(([name]) => !labels.includes(name))));
  return JSON.stringify(strip(a)) === JSON.stringify(strip(b));
}
