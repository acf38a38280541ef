// One held-out prefix, continued by everybody: the model at a few steps, the order-5 baseline, the truth.
import type { Dataset } from "@homegrown/data";

export interface Showcase {
  document: string;
  prefix: string;
  truth: string;
}

const MIN_TRUTH = 120;
const MAX_PREFIX = 400;
const MAX_TRUTH = 240;
/** A place where a reader can judge the continuation: a declaration has just been opened. */
const OPENINGS = [
  /^export interface \w+ \{\n/m,
  /^(?:export )?(?:declare )?(?:interface|class) \w+[^\n{]*\{\n/m,
];

/**
 * Deterministic: in stored order the first document with the best kind of opening; any document's middle when
 * none opens a declaration; undefined when all are too short.
 */
export async function pickShowcase(dataset: Dataset): Promise<Showcase | undefined> {
  const found: (Showcase | undefined)[] = [];
  for await (const { id, text } of dataset.heldOutDocuments()) {
    for (const [rank, opening] of OPENINGS.entries()) found[rank] ??= cutAfter(id, text, opening);
    found[OPENINGS.length] ??= cutInside(id, text);
    if (found[0]) break;
  }
  return found.find((showcase) => showcase !== undefined);
}

function cutAfter(id: string, text: string, opening: RegExp): Showcase | undefined {
  const match = opening.exec(text);
  if (!match) return undefined;
  const at = match.index + match[0].length;
  return text.length - at >= MIN_TRUTH ? cutAt(id, text, at) : undefined;
}

function cutInside(id: string, text: string): Showcase | undefined {
  const line = text.indexOf("\n", Math.floor(text.length / 3)) + 1;
  return line > 0 && text.length - line >= MIN_TRUTH ? cutAt(id, text, line) : undefined;
}

function cutAt(document: string, text: string, at: number): Showcase {
  const start = Math.max(0, at - MAX_PREFIX);
  const lineStart = start === 0 ? 0 : text.indexOf("\n", start) + 1;
  return {
    document,
    prefix: text.slice(lineStart <= at ? lineStart : start, at),
    truth: text.slice(at, at + MAX_TRUTH),
  };
}
