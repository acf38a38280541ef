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

/** Deterministic: the first suitable document in stored order; any document's middle when none opens a declaration. */
export async function pickShowcase(dataset: Dataset): Promise<Showcase | undefined> {
  let fallback: Showcase | undefined;
  for await (const { id, text } of dataset.heldOutDocuments()) {
    for (const opening of OPENINGS) {
      const found = opening.exec(text);
      if (found && text.length - (found.index + found[0].length) >= MIN_TRUTH) {
        return cutAt(id, text, found.index + found[0].length);
      }
    }
    if (!fallback && text.length >= 3 * MIN_TRUTH) {
      const line = text.indexOf("\n", Math.floor(text.length / 3)) + 1;
      if (line > 0 && text.length - line >= MIN_TRUTH) fallback = cutAt(id, text, line);
    }
  }
  return fallback;
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
