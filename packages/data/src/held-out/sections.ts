// A corpus of few documents cannot be split by document: one book is everything or nothing. Then long documents
// are cut at blank lines into sections, and the sections are the documents that the split speaks of.
import type { RawDocument } from "../reading/raw-document.ts";

/** Sections that the held-out bytes are to consist of. */
const SECTIONS_PER_HELD_OUT = 16;
const MIN_SECTION_BYTES = 1000;

/**
 * Section size in bytes, or undefined when there are documents enough to split by: at least one held-out
 * document expected.
 */
export function sectionBytes(documents: number, bytes: number, fraction: number): number | undefined {
  if (documents * fraction >= 1) return undefined;
  return Math.max(MIN_SECTION_BYTES, Math.ceil((bytes * fraction) / SECTIONS_PER_HELD_OUT));
}

/** Sections of at least `size` bytes, but for the last; blank lines are their borders, or line ends if none comes. */
export function* cutSections(document: RawDocument, size: number): Generator<RawDocument> {
  if (document.bytes < 2 * size) {
    yield document;
    return;
  }
  let number = 0;
  const section = (text: string): RawDocument => ({
    ...document,
    id: `${document.id}#${++number}`,
    text,
    bytes: Buffer.byteLength(text),
  });
  let held = "";
  for (const line of document.text.split(/(?<=\n)/)) {
    held += line;
    if ((held.length >= size && line === "\n") || held.length >= 2 * size) {
      yield section(held);
      held = "";
    }
  }
  if (held !== "") yield section(held);
}
