import assert from "node:assert/strict";
import { it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import * as fc from "fast-check";
import { parseJsonBody } from "./json-body.ts";

const name = fc.constantFrom(
  "model",
  "stream",
  "constructor",
  "toString",
  "a",
  'quo"te',
  "back\\slash",
  "ü",
  "",
);
const body = fc.dictionary(name, fc.jsonValue({ maxDepth: 3 }));
const changes = fc.dictionary(name, fc.option(fc.jsonValue({ maxDepth: 2 }), { nil: undefined }));
const indent = fc.constantFrom(undefined, 1, "\t", " \r\n");

it("an edited body is the body with its members changed, and nothing else", () => {
  fc.assert(
    fc.property(body, changes, indent, (given, wanted, space) => {
      const { bytes } = parseJsonBody(Buffer.from(JSON.stringify(given, null, space)), 100);
      const expected: Record<string, unknown> = { ...given };
      for (const [key, value] of Object.entries(wanted)) {
        if (value === undefined) delete expected[key];
        else Object.defineProperty(expected, key, { value, enumerable: true, configurable: true });
      }
      assert.deepEqual(JSON.parse(bytes.edit(wanted).toString()), JSON.parse(JSON.stringify(expected)));
    }),
    { seed: 4, numRuns: 500 },
  );
});

it("bytes that are not asked to change stay: numbers keep their digits, spaces their place", () => {
  const text = '{ "model" : "a",\n  "big": 12345678901234567890.50 , "nested": { "model": "b" } }';
  const { bytes } = parseJsonBody(Buffer.from(text), 10);
  assert.equal(bytes.edit({ model: "x/y" }).toString(), text.replace('"a"', '"x/y"'));
  assert.equal(
    bytes.edit({ stream: true }).toString(),
    '{ "model" : "a",\n  "big": 12345678901234567890.50 , "nested": { "model": "b" },"stream":true }',
  );
  assert.equal(parseJsonBody(Buffer.from("{}"), 10).bytes.edit({ a: 1 }).toString(), '{"a":1}');
});

it("one name twice is refused, however it is written", () => {
  for (const text of ['{"model":"a","model":"b"}', '{"model":"a","\\u006dodel":"b"}']) {
    assert.throws(
      () => parseJsonBody(Buffer.from(text), 10),
      (error: unknown) => error instanceof HomegrownError && error.code === "gateway/duplicate-member",
    );
  }
});
