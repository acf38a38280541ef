// Short notes on disk, as a person keeps them: invented prose that passes the rules for prose, made anew for
// each test and gone with it.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { prepareText, type Prepared } from "../index.ts";

const SYLLABLES = ["ba", "ro", "min", "tel", "su", "ka", "ven", "li", "dor", "pa", "ne", "gri", "sto", "mu"];
const WORDS_PER_SENTENCE = 10;

/** A folder that is removed after the test. */
export async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "homegrown-lifecycle-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** `count` text files of `numWords` words each; the same for the same arguments. */
export async function writeNotes(folder: string, count: number, numWords: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < count; i++) await writeFile(path.join(folder, `note-${i}.txt`), noteText(i, numWords));
}

/** A home with a prepared dataset of notes. */
export async function prepareNotes(
  folder: string,
  notes: { count: number; numWords: number },
): Promise<Prepared & { home: string; corpus: string }> {
  const [home, corpus] = [path.join(folder, "home"), path.join(folder, "notes")];
  await writeNotes(corpus, notes.count, notes.numWords);
  const prepared = await prepareText({ home, sources: [{ path: corpus }], vocabSize: 512 });
  return { ...prepared, home, corpus };
}

function noteText(seed: number, numWords: number): string {
  let state = seed + 1;
  const next = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  const word = (): string =>
    Array.from({ length: 2 + next(2) }, () => SYLLABLES[next(SYLLABLES.length)]).join("");
  const sentences: string[] = [];
  for (let words = 0; words < numWords; words += WORDS_PER_SENTENCE) {
    const sentence = Array.from({ length: Math.min(WORDS_PER_SENTENCE, numWords - words) }, word).join(" ");
    sentences.push(`${sentence[0]!.toUpperCase()}${sentence.slice(1)}.`);
  }
  return `${sentences.join("\n")}\n`;
}
