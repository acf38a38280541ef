// Small corpora on disk for tests: made in a temporary folder, gone with the test.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";

/** A folder with `files` (path → content), removed after the test. */
export async function corpusFolder(
  context: TestContext,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "homegrown-data-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

const VERBS = ["repaired", "painted", "carried", "measured", "forgot", "borrowed", "sold", "described"];
const OBJECTS = ["ladder", "window", "basket", "engine", "letter", "garden", "bottle", "kitchen"];
const PLACES = ["harbour", "market", "village", "school", "station", "forest", "bridge", "square"];

const SYLLABLES = [
  "ba",
  "ro",
  "min",
  "tel",
  "su",
  "ka",
  "ven",
  "li",
  "dor",
  "pa",
  "ne",
  "gri",
  "sto",
  "mu",
  "fa",
  "wen",
];

/** Invented prose that passes the rules for prose; other seeds give other sentences. */
export function proseText(seed: number, numSentences = 12): string {
  const next = createRandom(seed);
  const pick = (list: readonly string[]): string => list[next() % list.length]!;
  const word = (): string => Array.from({ length: 2 + (next() % 3) }, () => pick(SYLLABLES)).join("");
  const sentence = (): string =>
    `The ${word()} ${pick(VERBS)} ${word()} and ${word()} near the ${word()} ${pick(PLACES)} while ${word()} ` +
    `${pick(VERBS)} a ${word()} ${pick(OBJECTS)} behind ${word()}.`;
  return `${Array.from({ length: numSentences }, sentence).join("\n")}\n`;
}

/** mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return (x ^ (x >>> 14)) >>> 0;
  };
}

/** A declaration file with `numFunctions` documented functions; other seeds give other ones. */
export function declarationText(seed: number, numFunctions = 6): string {
  return Array.from(
    { length: numFunctions },
    (_, i) =>
      `/**\n * Returns the ${OBJECTS[(seed + i) % 8]!} number ${seed * 100 + i} of the ${PLACES[(seed * 3 + i) % 8]!}.\n */\n` +
      `export declare function ${VERBS[(seed * 5 + i) % 8]!}${seed}x${i}(value: { id: string }): Promise<number>;\n`,
  ).join("\n");
}
