import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LlamaLogLevel, getLlama } from "node-llama-cpp";
import type { Llama } from "node-llama-cpp";
import { JSON_OBJECT_SCHEMA, toGrammar } from "./json-schema-grammar.ts";

let llama: Llama;
before(async () => {
  llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error });
});
after(() => llama.dispose());

/** llama.cpp itself says whether the grammar admits exactly this text. */
async function admits(schema: unknown, text: string): Promise<boolean> {
  const grammar = await llama.createGrammar({ grammar: toGrammar(schema) });
  const test = Reflect.get(grammar, "_testText") as (this: unknown, text: string) => boolean;
  return test.call(grammar, text);
}

const cases: readonly {
  name: string;
  schema: unknown;
  valid: readonly string[];
  invalid: readonly string[];
}[] = [
  {
    name: "any object",
    schema: JSON_OBJECT_SCHEMA,
    valid: ["{}", '{"a":[1,-2.5e3,{"b":null}],"c":"\\u00e9\\n"}', '{ "a": true }'],
    invalid: ["[]", "1", '{"a":1,}', '{"a"}', '{"a":"\n"}', '{"a":01}'],
  },
  {
    name: "properties, required and optional",
    schema: {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "integer" }, c: { type: "boolean" } },
      required: ["b"],
      additionalProperties: false,
    },
    valid: ['{"a":"x","b":1,"c":true}', '{"b":-12}', '{"a":"","b":0}', '{"b":1,"c":false}'],
    invalid: ["{}", '{"a":"x"}', '{"b":1.5}', '{"b":1,"d":2}', '{,"b":1}', '{"b":1,}', '{"a":1,"b":1}'],
  },
  {
    name: "an open map",
    schema: { type: "object", additionalProperties: { type: "integer" }, maxProperties: 2 },
    valid: ["{}", '{"x":1}', '{"x":1,"y":2}'],
    invalid: ['{"x":"1"}', '{"x":1,"y":2,"z":3}'],
  },
  {
    name: "a required property that has no schema",
    schema: { type: "object", required: ["x"] },
    valid: ['{"x":[1]}'],
    invalid: ["{}", '{"y":1}'],
  },
  {
    name: "arrays with bounds",
    schema: { type: "array", items: { type: "number" }, minItems: 1, maxItems: 3 },
    valid: ["[1]", "[1, 2.5,3]"],
    invalid: ["[]", "[1,2,3,4]", '["1"]', "[1,]"],
  },
  { name: "an empty array", schema: { type: "array", maxItems: 0 }, valid: ["[]"], invalid: ["[1]"] },
  {
    name: "string lengths count characters",
    schema: { type: "string", minLength: 2, maxLength: 3 },
    valid: ['"ab"', '"日本語"', '"\\n\\u00e9"'],
    invalid: ['"a"', '"abcd"', '"\\ud83d\\ude42"'],
  },
  {
    name: "listed values",
    schema: { enum: ['a"b\\', 1, null, { x: [true] }] },
    valid: ['"a\\"b\\\\"', "1", "null", '{"x":[true]}'],
    invalid: ["a", "2", '"a"'],
  },
  { name: "enum beside type", schema: { type: "string", enum: ["x", 1] }, valid: ['"x"'], invalid: ["1"] },
  { name: "a constant", schema: { const: "é" }, valid: ['"é"'], invalid: ['"e"'] },
  {
    name: "several types",
    schema: { type: ["object", "null"], properties: { a: { type: "null" } }, required: ["a"] },
    valid: ["null", '{"a":null}'],
    invalid: ["{}", "1"],
  },
  {
    name: "anyOf",
    schema: { anyOf: [{ type: "integer" }, { type: "array", items: { const: 1 } }] },
    valid: ["5", "[1,1]"],
    invalid: ["[2]", "1.5"],
  },
  {
    name: "oneOf with a tag",
    schema: {
      oneOf: ["a", "b"].map((kind) => ({
        type: "object",
        properties: { kind: { const: kind }, [kind]: { type: "integer" } },
        required: ["kind", kind],
      })),
    },
    valid: ['{"kind":"a","a":1}', '{"kind":"b","b":1}'],
    invalid: ['{"kind":"a","b":1}'],
  },
  {
    name: "a schema that contains itself",
    schema: {
      $ref: "#/$defs/tree",
      $defs: {
        tree: {
          type: "object",
          properties: { left: { anyOf: [{ $ref: "#/$defs/tree" }, { type: "null" }] } },
          required: ["left"],
        },
      },
    },
    valid: ['{"left":{"left":null}}'],
    invalid: ['{"left":1}', '{"left":{}}'],
  },
  {
    name: "ranges of integers",
    schema: { type: "integer", minimum: 3, exclusiveMaximum: 6 },
    valid: ["3", "5"],
    invalid: ["2", "6", "30", "-3"],
  },
  { name: "naturals", schema: { type: "integer", minimum: 0 }, valid: ["0", "12"], invalid: ["-1", "01"] },
  {
    name: "bounds that every safe integer keeps",
    schema: { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
    valid: ["-5", "123456789012345"],
    invalid: ["1234567890123456"],
  },
  {
    name: "dates that exist",
    schema: { type: "string", format: "date" },
    valid: ['"2024-01-31"', '"2024-04-30"', '"2024-02-28"'],
    invalid: ['"2024-02-30"', '"2024-13-01"', '"2024-04-31"', '"24-01-01"'],
  },
  {
    name: "times with their zone",
    schema: { type: "string", format: "date-time" },
    valid: ['"2024-01-31T23:59:59Z"', '"2024-01-31T00:00:00.5+02:00"'],
    invalid: ['"2024-01-31"', '"2024-01-31T24:00:00Z"'],
  },
  { name: "anything", schema: {}, valid: ["1", '"x"', "[{}]"], invalid: ["x", ""] },
];

for (const { name, schema, valid, invalid } of cases) {
  test(`grammar: ${name}`, async () => {
    for (const text of valid) assert.equal(await admits(schema, text), true, `should admit ${text}`);
    for (const text of invalid) assert.equal(await admits(schema, text), false, `should not admit ${text}`);
  });
}

const refused: readonly [keyword: string, schema: unknown][] = [
  ["pattern", { type: "string", pattern: "^a" }],
  ["not", { not: { type: "string" } }],
  ["patternProperties", { type: "object", patternProperties: { a: true } }],
  ["uniqueItems", { type: "array", uniqueItems: true }],
  ["prefixItems", { type: "array", prefixItems: [{ type: "string" }] }],
  ["multipleOf", { type: "object", properties: { a: { type: "integer", multipleOf: 2 } } }],
  ["maximum", { type: "number", maximum: 3 }],
  ["minimum", { type: "number", minimum: 3 }],
  ["allOf", { allOf: [{ type: "string" }, { minLength: 1 }] }],
  ["oneOf", { oneOf: [{ type: "string" }, { type: "string", minLength: 2 }] }],
  ['format "email"', { type: "string", format: "email" }],
  ["$ref", { $ref: "https://example.com/schema" }],
  ["properties", { $ref: "#/$defs/a", $defs: { a: {} }, properties: {} }],
  ["minProperties", { type: "object", minProperties: 2 }],
  ["maxLength", { type: "string", maxLength: 100_000 }],
];

for (const [keyword, schema] of refused) {
  test(`refused by name: ${keyword}`, () => {
    assert.throws(
      () => toGrammar(schema),
      (error: { code: string; message: string; details: { keyword: string } }) =>
        error.code === "serving/unsupported-schema" &&
        error.details.keyword === keyword &&
        error.message.includes(keyword),
    );
  });
}

test("schemas that are none", () => {
  for (const schema of [
    null,
    "x",
    { type: "text" },
    { enum: [] },
    { type: "object", required: "a" },
    { $ref: "#/$defs/a" },
  ]) {
    assert.throws(() => toGrammar(schema), { code: "serving/invalid-schema" });
  }
  let deep: unknown = { type: "string" };
  for (let i = 0; i < 100; i += 1) deep = { type: "array", items: deep };
  assert.throws(() => toGrammar(deep), { code: "serving/invalid-schema" });
});
