// A short name for "this text, prepared this way", so that a second run finds what the first one made
// and a changed corpus gets a new dataset.
import { stat } from "node:fs/promises";
import path from "node:path";
import { listSourceFiles, type CorpusSource } from "@homegrown/data";
import { sha256 } from "@homegrown/storage";

const KEY_LENGTH = 12;

/** Twelve hexadecimal digits over names, sizes and times of the source's files and the given options. */
export async function toCorpusKey(sources: readonly CorpusSource[], options: object): Promise<string> {
  const parts: unknown[] = [options];
  for (const source of sources) parts.push(source, await fingerprint(source));
  return sha256(JSON.stringify(parts)).slice(0, KEY_LENGTH);
}

/** npm writes one file that names everything under node_modules; elsewhere every file that is read is looked at. */
async function fingerprint(source: CorpusSource): Promise<string> {
  if (source.layout === "packages") {
    const installed = await describeFile(path.join(source.path, ".package-lock.json"));
    if (installed !== undefined) return installed;
  }
  const described: string[] = [];
  for (const file of await listSourceFiles(source)) described.push(`${file}\0${await describeFile(file)}`);
  return sha256(described.join("\n"));
}

async function describeFile(file: string): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() === true ? `${found.size} ${found.mtimeMs}` : undefined;
}
