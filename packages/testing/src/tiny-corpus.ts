import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { readFixedCorpus } from "./fixed-corpus.ts";

/** A folder of real declaration files, small enough to learn from in seconds: the first `count` of one package. */
export async function writeTinyCorpus(folder: string, count = 140): Promise<void> {
  const files = readFixedCorpus()
    .filter((file) => file.path.startsWith("kysely/") && file.text.length < 12_000)
    .slice(0, count);
  for (const { path: name, text } of files) {
    const target = path.join(folder, name);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }
}
