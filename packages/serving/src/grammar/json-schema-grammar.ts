// JSON Schema → GBNF, llama.cpp's grammar format: every text that the grammar admits is JSON valid against
// the schema. Where a schema is open (properties that it does not name) the grammar is narrower; a keyword it
// cannot enforce is an error, never left out. Properties come in the order in which the schema names them.
import { areDisjoint } from "./disjoint-schemas.ts";
import { invalidSchema, unsupportedKeyword } from "./schema-errors.ts";
import { combinatorOf, listedValues, readCount, readNode, typesOf } from "./schema-nodes.ts";
import type { JsonType, SchemaNode } from "./schema-nodes.ts";

/** Any JSON object. */
export const JSON_OBJECT_SCHEMA: SchemaNode = { type: "object" };

const MAX_DEPTH = 64;
const MAX_RULES = 10_000;
/** Integers of up to 15 digits, all of which a double holds; bounds outside them bind nothing. */
const INTEGER_LIMIT = 999_999_999_999_999;
/** A range of integers up to this size is written out. */
const MAX_LISTED_INTEGERS = 512;

const BASE_RULES = `value ::= object | array | string | number | boolean | null
object ::= "{" ws (string ws ":" ws value ("," ws string ws ":" ws value)*)? ws "}"
array ::= "[" ws (value ("," ws value)*)? ws "]"
string ::= "\\"" char* "\\""
char ::= [^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\/bfnrt] | "u" ([0-9a-cA-CefEF] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2}))
natural ::= "0" | [1-9] [0-9]{0,14}
fraction ::= ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?
number ::= "-"? natural fraction
integer ::= "-"? natural
boolean ::= "true" | "false"
null ::= "null"
date ::= [0-9]{4} "-" (("01" | "03" | "05" | "07" | "08" | "10" | "12") "-" (day | "29" | "30" | "31") | ("04" | "06" | "09" | "11") "-" (day | "29" | "30") | "02-" day)
day ::= "0" [1-9] | "1" [0-9] | "2" [0-8]
time ::= ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{1,6})? ("Z" | [-+] ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9])
uuid ::= [0-9a-f]{8} "-" [0-9a-f]{4} "-" [0-9a-f]{4} "-" [0-9a-f]{4} "-" [0-9a-f]{12}
ws ::= | " " | "\\n" [ \\t]{0,20}`;

const FORMATS: Readonly<Record<string, string>> = {
  date: `"\\"" date "\\""`,
  time: `"\\"" time "\\""`,
  "date-time": `"\\"" date "T" time "\\""`,
  uuid: `"\\"" uuid "\\""`,
};

/**
 * The grammar for a schema. Throws `serving/unsupported-schema` naming the keyword and its place, and
 * `serving/invalid-schema`.
 */
export function toGrammar(schema: unknown): string {
  const builder = new GrammarBuilder(readNode(schema, "#"));
  return `root ::= ${builder.root()}\n${BASE_RULES}\n${builder.rules().join("\n")}\n`;
}

class GrammarBuilder {
  readonly #root: SchemaNode;
  readonly #rules: string[] = [];
  readonly #references = new Map<string, string>();

  constructor(root: SchemaNode) {
    this.#root = root;
  }

  root(): string {
    return this.#reference("#");
  }

  rules(): readonly string[] {
    return this.#rules;
  }

  #visit(schema: unknown, path: string, depth: number): string {
    if (depth > MAX_DEPTH) throw invalidSchema(path, `it is nested more than ${MAX_DEPTH} deep`);
    const node = readNode(schema, path);
    const combinator = combinatorOf(node, path);
    if (combinator !== undefined) return this.#combine(node, combinator, path, depth);
    const types = typesOf(node, path);
    if (types.length === 0) return "value";
    return alternatives(types.map((type) => this.#typed(node, type, path, depth)));
  }

  #combine(node: SchemaNode, combinator: string, path: string, depth: number): string {
    if (combinator === "$ref") return this.#reference(node["$ref"]);
    if (combinator === "const" || combinator === "enum") {
      return alternatives(listedValues(node, path).map((value) => literal(JSON.stringify(value))));
    }
    const branches = node[combinator];
    if (!Array.isArray(branches) || branches.length === 0)
      throw invalidSchema(path, `${combinator} is a list`);
    if (combinator === "allOf" && branches.length > 1) {
      throw unsupportedKeyword("allOf", path, "a grammar cannot demand several schemas at once");
    }
    if (combinator === "oneOf" && !areDisjoint(branches, (reference) => this.#resolve(reference))) {
      throw unsupportedKeyword(
        "oneOf",
        path,
        "a value might match several branches; anyOf says the same without that",
      );
    }
    return alternatives(
      branches.map((branch, index) => this.#visit(branch, `${path}/${combinator}/${index}`, depth + 1)),
    );
  }

  #typed(node: SchemaNode, type: JsonType, path: string, depth: number): string {
    switch (type) {
      case "object":
        return this.#object(node, path, depth);
      case "array":
        return this.#array(node, path, depth);
      case "string":
        return string(node, path);
      case "number":
        return number(node, path);
      case "integer":
        return integer(node, path);
      default:
        return type;
    }
  }

  #object(node: SchemaNode, path: string, depth: number): string {
    const properties = readProperties(node, path);
    const required = new Set(readRequired(node, path));
    const rest = node["additionalProperties"] ?? true;
    const unnamed = [...required].filter((name) => !properties.has(name));
    if (unnamed.length > 0 && rest === false) {
      throw invalidSchema(path, `${JSON.stringify(unnamed[0])} is required but not allowed`);
    }
    for (const name of unnamed) properties.set(name, rest);
    const least = readCount(node, "minProperties", path) ?? 0;
    const most = readCount(node, "maxProperties", path) ?? Number.POSITIVE_INFINITY;
    if (properties.size === 0) return this.#map(rest, { least, most }, path, depth);
    if (least > required.size)
      throw unsupportedKeyword("minProperties", path, "it asks for more than is required");
    if (most < properties.size)
      throw unsupportedKeyword("maxProperties", path, "it admits fewer than are named");

    // Two rules a property: one while nothing is written yet, one that follows a comma.
    let first = `""`;
    let later = `""`;
    for (const [name, schema] of [...properties].toReversed()) {
      const value = this.#visit(schema, `${path}/properties/${name}`, depth + 1);
      const pair = `${literal(JSON.stringify(name))} ws ":" ws (${value})`;
      const orSkip = (rule: string): string => (required.has(name) ? "" : ` | ${rule}`);
      const nextFirst = this.#rule(`${pair} ${later}${orSkip(first)}`);
      later = this.#rule(`"," ws ${pair} ${later}${orSkip(later)}`);
      first = nextFirst;
    }
    return `"{" ws ${first} ws "}"`;
  }

  /** An object of names that the schema leaves open. */
  #map(rest: unknown, { least, most }: { least: number; most: number }, path: string, depth: number): string {
    if (rest === false) {
      if (least > 0) throw invalidSchema(path, "minProperties asks for what additionalProperties forbids");
      return `"{" ws "}"`;
    }
    // A name may come twice and count once.
    if (least > 1) throw unsupportedKeyword("minProperties", path, "open names could repeat");
    const pair = `string ws ":" ws (${this.#visit(rest, `${path}/additionalProperties`, depth + 1)})`;
    return `"{" ws ${this.#list(pair, least, most)} ws "}"`;
  }

  #array(node: SchemaNode, path: string, depth: number): string {
    if (node["uniqueItems"] === true)
      throw unsupportedKeyword("uniqueItems", path, "a grammar remembers no items");
    if (Array.isArray(node["items"]))
      throw unsupportedKeyword("items", path, "a list of schemas for positions");
    const least = readCount(node, "minItems", path) ?? 0;
    const most = readCount(node, "maxItems", path) ?? Number.POSITIVE_INFINITY;
    if (most < least) throw invalidSchema(path, "maxItems is below minItems");
    const item = `(${this.#visit(node["items"] ?? true, `${path}/items`, depth + 1)})`;
    return `"[" ws ${this.#list(item, least, most)} ws "]"`;
  }

  /** `least` to `most` members with commas between. */
  #list(member: string, least: number, most: number): string {
    if (most === 0) return `""`;
    const name = this.#rule(member);
    const more = `("," ws ${name}){${Math.max(0, least - 1)},${most === Number.POSITIVE_INFINITY ? "" : most - 1}}`;
    return least === 0 ? `(${name} ${more})?` : `${name} ${more}`;
  }

  #reference(reference: unknown): string {
    const known = this.#references.get(String(reference));
    if (known !== undefined) return known;
    const target = this.#resolve(reference);
    const name = `ref-${this.#references.size}`;
    // Named before it is visited: schemas may contain themselves.
    this.#references.set(String(reference), name);
    this.#add(name, this.#visit(target, String(reference), 0));
    return name;
  }

  #resolve(reference: unknown): unknown {
    if (reference === "#") return this.#root;
    const [, section, name] = /^#\/(\$defs|definitions)\/([^/]+)$/.exec(String(reference)) ?? [];
    if (section === undefined) {
      throw unsupportedKeyword(
        "$ref",
        String(reference),
        "references lead to #, #/$defs/… or #/definitions/…",
      );
    }
    const definitions = this.#root[section];
    const key = decodeURIComponent(name!).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof definitions !== "object" || definitions === null || !Object.hasOwn(definitions, key)) {
      throw invalidSchema(String(reference), "the reference leads nowhere");
    }
    return (definitions as SchemaNode)[key];
  }

  #rule(body: string): string {
    return this.#add(`rule-${this.#rules.length}`, body);
  }

  #add(name: string, body: string): string {
    if (this.#rules.length >= MAX_RULES)
      throw invalidSchema("#", `it needs more than ${MAX_RULES} grammar rules`);
    this.#rules.push(`${name} ::= ${body}`);
    return name;
  }
}

function readProperties(node: SchemaNode, path: string): Map<string, unknown> {
  const properties = node["properties"] ?? {};
  if (typeof properties !== "object" || properties === null)
    throw invalidSchema(path, "properties is an object");
  return new Map(Object.entries(properties));
}

function readRequired(node: SchemaNode, path: string): readonly string[] {
  const required = node["required"] ?? [];
  if (Array.isArray(required) && required.every((name) => typeof name === "string")) return required;
  throw invalidSchema(path, "required is a list of names");
}

function string(node: SchemaNode, path: string): string {
  const least = readCount(node, "minLength", path);
  const most = readCount(node, "maxLength", path);
  const format = node["format"];
  if (format !== undefined) {
    const known = Object.hasOwn(FORMATS, String(format)) ? FORMATS[String(format)] : undefined;
    if (known === undefined)
      throw unsupportedKeyword(`format ${JSON.stringify(format)}`, path, "no grammar for it");
    if (least !== undefined || most !== undefined) {
      throw unsupportedKeyword(
        least === undefined ? "maxLength" : "minLength",
        path,
        "it stands beside format",
      );
    }
    return known;
  }
  if (least === undefined && most === undefined) return "string";
  if (most !== undefined && most < (least ?? 0)) throw invalidSchema(path, "maxLength is below minLength");
  return `"\\"" char{${least ?? 0},${most ?? ""}} "\\""`;
}

function number(node: SchemaNode, path: string): string {
  const bound = ["maximum", "exclusiveMinimum", "exclusiveMaximum"].find((key) => node[key] !== undefined);
  if (bound !== undefined) throw unsupportedKeyword(bound, path, "only minimum 0 is enforced for numbers");
  if (node["minimum"] === undefined) return "number";
  if (node["minimum"] === 0) return "natural fraction";
  throw unsupportedKeyword("minimum", path, "only minimum 0 is enforced for numbers");
}

function integer(node: SchemaNode, path: string): string {
  const low = Math.max(bound(node, "minimum", 0, path), bound(node, "exclusiveMinimum", 1, path));
  const high = Math.min(bound(node, "maximum", 0, path), bound(node, "exclusiveMaximum", -1, path));
  if (low > high) throw invalidSchema(path, "no integer lies between the bounds");
  const isBelow = low <= -INTEGER_LIMIT;
  const isAbove = high >= INTEGER_LIMIT;
  if (isBelow && isAbove) return "integer";
  if (isAbove && low === 0) return "natural";
  if (isAbove && low === 1) return "[1-9] [0-9]{0,14}";
  if (high - low < MAX_LISTED_INTEGERS) {
    return alternatives(Array.from({ length: high - low + 1 }, (_, i) => literal(String(low + i))));
  }
  const keyword = isAbove ? "minimum" : "maximum";
  throw unsupportedKeyword(
    keyword,
    path,
    `ranges of more than ${MAX_LISTED_INTEGERS} integers are not enforced`,
  );
}

/** The bound as an inclusive one; without it the far end. */
function bound(node: SchemaNode, keyword: string, step: number, path: string): number {
  const value = node[keyword];
  const isLow = keyword.endsWith("inimum");
  if (value === undefined) return isLow ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (typeof value !== "number") throw invalidSchema(path, `${keyword} is a number`);
  if (Number.isInteger(value)) return value + step;
  return isLow ? Math.ceil(value) : Math.floor(value);
}

function alternatives(expressions: readonly string[]): string {
  return expressions.length === 1 ? expressions[0]! : `(${expressions.join(" | ")})`;
}

/** A terminal of GBNF that stands for exactly this text. */
function literal(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\x7f", "\\x7F");
  return `"${escaped}"`;
}
