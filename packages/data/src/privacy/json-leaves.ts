/**
 * Takes a parsed JSON value apart into the texts to look through, and puts a copy together again from
 * what they became. Both are one walk in the same order, so that leaves need no names.
 *
 * A text that is itself JSON (the arguments of a tool call) is walked literal by literal: its white
 * space and its numbers stay to the last digit.
 */
import { splitJsonText } from "./json-literals.ts";

/** Called with a text and the key it stands under; gives back what to put there. */
export type VisitLeaf = (text: string, key: string, role: "key" | "string" | "number") => string;

export interface WalkBounds {
  /** Levels of objects, arrays and JSON inside strings. What lies deeper becomes `tooDeep`. */
  readonly maxDepth: number;
  readonly tooDeep: string;
}

/** Shorter numbers name nobody. */
const MIN_NUMBER = 10_000_000;
const MAX_EMBEDDED = 4_194_304;

export function walkJson(value: unknown, visit: VisitLeaf, bounds: WalkBounds): unknown {
  return walk(value, "", 0, visit, bounds);
}

function walk(value: unknown, key: string, depth: number, visit: VisitLeaf, bounds: WalkBounds): unknown {
  if (typeof value === "string") return walkText(value, key, depth, visit, bounds);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || Math.abs(value) < MIN_NUMBER) return value;
    const text = String(value);
    const masked = visit(text, key, "number");
    return masked === text ? value : masked;
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth >= bounds.maxDepth) return bounds.tooDeep;
  if (Array.isArray(value)) return value.map((item) => walk(item, key, depth + 1, visit, bounds));
  // `fromEntries` defines, so that a key called __proto__ stays a key.
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      visit(name, "", "key"),
      walk(item, name, depth + 1, visit, bounds),
    ]),
  );
}

function walkText(text: string, key: string, depth: number, visit: VisitLeaf, bounds: WalkBounds): string {
  if (!isJson(text)) return visit(text, key, "string");
  if (depth >= bounds.maxDepth) return bounds.tooDeep;
  let name = key;
  return splitJsonText(text)
    .map((part) => {
      if (part.kind === "other") return part.source;
      if (part.kind === "number") {
        const masked = part.source.length < 8 ? part.source : visit(part.source, name, "number");
        return masked === part.source ? part.source : JSON.stringify(masked);
      }
      const before = JSON.parse(part.source) as string;
      if (part.kind === "key") name = before;
      const after =
        part.kind === "key" ? visit(before, "", "key") : walkText(before, name, depth + 1, visit, bounds);
      return after === before ? part.source : JSON.stringify(after);
    })
    .join("");
}

function isJson(text: string): boolean {
  if (text.length > MAX_EMBEDDED || !/^\s{0,100}[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
