// One schema object, read: which keywords it has, which types it admits, where its references lead.
import { invalidSchema, unsupportedKeyword } from "./schema-errors.ts";

export type SchemaNode = Readonly<Record<string, unknown>>;
export type JsonType = "object" | "array" | "string" | "number" | "integer" | "boolean" | "null";

export const JSON_TYPES: readonly JsonType[] = [
  "object",
  "array",
  "string",
  "number",
  "integer",
  "boolean",
  "null",
];

/** Say nothing about which values are valid. */
const ANNOTATIONS = [
  "$schema",
  "$id",
  "$comment",
  "$anchor",
  "title",
  "description",
  "default",
  "example",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
];
const DEFINITIONS = ["$defs", "definitions"];
const COMBINATORS = ["$ref", "const", "enum", "anyOf", "oneOf", "allOf"];
const BY_TYPE: Readonly<Record<JsonType, readonly string[]>> = {
  object: ["properties", "required", "additionalProperties", "minProperties", "maxProperties"],
  array: ["items", "minItems", "maxItems", "uniqueItems"],
  string: ["minLength", "maxLength", "format"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  integer: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  boolean: [],
  null: [],
};
const KNOWN = new Set([
  "type",
  ...ANNOTATIONS,
  ...DEFINITIONS,
  ...COMBINATORS,
  ...Object.values(BY_TYPE).flat(),
]);

/** The schema as an object; `true` is the empty one. Throws for anything that no grammar can stand for. */
export function readNode(schema: unknown, path: string): SchemaNode {
  if (schema === true) return {};
  if (schema === false) throw unsupportedKeyword("false", path, "no value is valid");
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    throw invalidSchema(path, "a schema is an object");
  }
  const node = schema as SchemaNode;
  const unknown = Object.keys(node).find((key) => !KNOWN.has(key));
  if (unknown !== undefined) throw unsupportedKeyword(unknown, path, "the grammar cannot enforce it");
  return node;
}

/** The one combinator of a node that has any. Beside it only annotations (and `type` beside values) stand. */
export function combinatorOf(node: SchemaNode, path: string): string | undefined {
  const found = COMBINATORS.find((key) => node[key] !== undefined);
  if (found === undefined) return undefined;
  const allowed = new Set([...ANNOTATIONS, ...DEFINITIONS, found]);
  if (found === "const" || found === "enum") allowed.add("type");
  const beside = Object.keys(node).find((key) => !allowed.has(key));
  if (beside !== undefined) throw unsupportedKeyword(beside, path, `it stands beside ${found}`);
  return found;
}

/** The types that a node without combinator admits; those its keywords speak of where `type` is absent. */
export function typesOf(node: SchemaNode, path: string): readonly JsonType[] {
  const { type } = node;
  if (type !== undefined) {
    const types = (Array.isArray(type) ? type : [type]) as unknown[];
    const wrong = types.find((name) => !JSON_TYPES.includes(name as JsonType));
    if (wrong !== undefined || types.length === 0)
      throw invalidSchema(path, `no type ${JSON.stringify(wrong)}`);
    return types as JsonType[];
  }
  const implied = JSON_TYPES.filter((name) => BY_TYPE[name].some((key) => node[key] !== undefined));
  return implied.length > 0 ? implied : [];
}

/** Every value that `const` or `enum` lists and `type`, beside it, admits. */
export function listedValues(node: SchemaNode, path: string): readonly unknown[] {
  const listed = node["const"] === undefined ? node["enum"] : [node["const"]];
  if (!Array.isArray(listed) || listed.length === 0) throw invalidSchema(path, "enum is a list with members");
  const types = node["type"] === undefined ? JSON_TYPES : typesOf(node, path);
  const admitted = listed.filter((value) => types.some((type) => hasType(value, type)));
  if (admitted.length === 0) throw invalidSchema(path, "no listed value has the type");
  return admitted;
}

function hasType(value: unknown, type: JsonType): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

/** A whole number that a counting keyword gives, within what a grammar can count. */
export function readCount(node: SchemaNode, keyword: string, path: string): number | undefined {
  const value = node[keyword];
  if (value === undefined) return undefined;
  if (!Number.isInteger(value) || (value as number) < 0) {
    throw invalidSchema(path, `${keyword} is a whole number from 0 on`);
  }
  if ((value as number) > MAX_COUNT) throw unsupportedKeyword(keyword, path, `counts end at ${MAX_COUNT}`);
  return value as number;
}

/** llama.cpp unrolls repetitions; it refuses more than 2000. */
const MAX_COUNT = 1000;
