import assert from "node:assert/strict";
import { test } from "node:test";
import { createMasker } from "./masker.ts";
import { splitJsonText } from "./json-literals.ts";

const masker = createMasker();

test("strings, keys and long numbers of a value are masked, the rest is copied", () => {
  const value = {
    model: "grown",
    max_tokens: 128,
    stream: null,
    messages: [{ role: "user", content: "I am ann@acme.io" }],
    users: { "ann@acme.io": true },
    card: 4242424242424242,
  };
  const masked = masker.maskJson(value);
  assert.deepEqual(masked.value, {
    model: "grown",
    max_tokens: 128,
    stream: null,
    messages: [{ role: "user", content: "I am [masked:email:1]" }],
    users: { "[masked:email:1]": true },
    card: "[masked:credit-card:1]",
  });
  assert.deepEqual(masked.counts, { email: 2, "credit-card": 1 });
  assert.equal(value.messages[0]?.content, "I am ann@acme.io");
});

test("the key that a value stands under announces it", () => {
  const { value } = masker.maskJson({
    password: "Tr4vel-Mug-77",
    note: "Tr4vel-Mug-77",
    bsn: "111222333",
    id: "111222333",
  });
  assert.deepEqual(value, {
    password: "[masked:credential:1]",
    note: "[masked:credential:1]",
    bsn: "[masked:national-id:1]",
    id: "[masked:national-id:1]",
  });
});

test("JSON inside a string keeps its white space and every digit of its numbers", () => {
  const inner =
    '{ "to":  "ann@acme.io", "id": 12345678901234567890, "deep": "{\\"password\\":\\"Tr4vel-Mug-77\\"}" }';
  const { value } = masker.maskJson({ arguments: inner });
  assert.deepEqual(value, {
    arguments:
      '{ "to":  "[masked:email:1]", "id": 12345678901234567890, "deep": "{\\"password\\":\\"[masked:credential:1]\\"}" }',
  });
});

test("what follows an escape inside a JSON string is seen", () => {
  const token = "glpat-aB3dE5fG7hI9jK1lM2nO";
  const { value } = masker.maskJson({ arguments: JSON.stringify({ log: `one\n${token}` }) });
  assert.deepEqual(value, { arguments: '{"log":"one\\n[masked:gitlab-token:1]"}' });
});

test("payloads of data: URLs stay, what stands beside them does not", () => {
  const payload = `data:image/png;base64,${Buffer.from("not really ann@acme.io a picture").toString("base64")}`;
  const value = { image_url: payload, text: `![](${payload}) by ann@acme.io` };
  assert.deepEqual(masker.maskJson(value).value, {
    image_url: payload,
    text: `![](${payload}) by [masked:email:1]`,
  });
});

test("a key cut into the lines of an array is masked line by line", () => {
  const line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
  const lines = ["-----BEGIN PRIVATE KEY-----", line, line, "-----END PRIVATE KEY-----", "after"];
  const { value } = masker.maskJson(lines);
  assert.ok(Array.isArray(value));
  assert.ok(!JSON.stringify(value).includes("MIIE"));
  assert.equal(value[4], "after");
});

test("keys of the prototype stay plain keys", () => {
  const value: unknown = JSON.parse('{"__proto__":{"mail":"ann@acme.io"},"constructor":"x"}');
  const masked = masker.maskJson(value).value;
  assert.equal(JSON.stringify(masked), '{"__proto__":{"mail":"[masked:email:1]"},"constructor":"x"}');
});

test("what lies too deep is replaced, and depth costs no stack", () => {
  const deep: unknown = JSON.parse(`${"[".repeat(5000)}"ann@acme.io"${"]".repeat(5000)}`);
  assert.match(JSON.stringify(masker.maskJson(deep).value), /^\[+"\[masked:unscanned\]"\]+$/);
  let nested = '"ann@acme.io"';
  for (let level = 0; level < 8; level++) nested = JSON.stringify([nested]);
  const shallow = createMasker({ maxDepth: 4 }).maskJson(JSON.parse(nested));
  assert.ok(!JSON.stringify(shallow.value).includes("acme"));
});

test("leaves behind the bound on characters are replaced", () => {
  const { value } = createMasker({ maxCharacters: 30 }).maskJson({
    a: "short",
    b: "x".repeat(40),
    c: "ann@acme.io",
  });
  assert.deepEqual(value, {
    a: "short",
    b: "[masked:unscanned]",
    "[masked:unscanned]": "[masked:unscanned]",
  });
});

test("a JSON text cut at its literals is the same text", () => {
  const text = ' {"a" : [1, -2.5e+3, "x\\"y\\\\", {}, true],\n"b":null} ';
  const parts = splitJsonText(text);
  assert.equal(parts.map(({ source }) => source).join(""), text);
  assert.deepEqual(
    parts.filter(({ kind }) => kind !== "other").map(({ kind, source }) => `${kind} ${source}`),
    ['key "a"', "number 1", "number -2.5e+3", 'string "x\\"y\\\\"', 'key "b"'],
  );
});
