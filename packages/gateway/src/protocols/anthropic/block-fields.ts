// Members of a content block, read with the place that an error names. Blocks are checked as late as this,
// because what passes through is the provider's to check.
import type { JsonObject } from "./json.ts";
import { missingField, wrongField } from "./parse-request.ts";

/** Anything with a type: a content block, a tool, a source. */
export interface Block {
  type: string;
  [field: string]: unknown;
}

export function stringField(holder: Readonly<Record<string, unknown>>, name: string, at: string): string {
  const value = holder[name];
  if (typeof value === "string") return value;
  throw value === undefined || value === null
    ? missingField(`${at}.${name}`)
    : wrongField(`${at}.${name}`, "a string");
}

export function optionalString(
  holder: Readonly<Record<string, unknown>>,
  name: string,
  at: string,
): string | undefined {
  const value = holder[name];
  return value === undefined || value === null ? undefined : stringField(holder, name, at);
}

export function objectField(holder: Readonly<Record<string, unknown>>, name: string, at: string): JsonObject {
  const value = holder[name];
  if (isObject(value)) return value;
  throw value === undefined || value === null
    ? missingField(`${at}.${name}`)
    : wrongField(`${at}.${name}`, "an object");
}

export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value that says what it is. */
export function isBlock(value: unknown): value is Block {
  return isObject(value) && typeof value["type"] === "string";
}

export function blockField(holder: Readonly<Record<string, unknown>>, name: string, at: string): Block {
  const value = objectField(holder, name, at);
  stringField(value, "type", `${at}.${name}`);
  return value as unknown as Block;
}

/** A list of blocks, or a string that stands for one block of text. */
export function blocksOf(content: unknown, at: string): Block[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  if (!Array.isArray(content)) throw wrongField(at, "a string or an array of content blocks");
  return content.map((block: unknown, index) => {
    if (isBlock(block)) return block;
    throw missingField(`${at}.${index}.type`);
  });
}
