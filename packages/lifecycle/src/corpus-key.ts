// A short name for "this text, prepared this way", so that a second run finds what the first one made
// and a changed corpus gets a new dataset.
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import type { CorpusSource } from "@homegrown/data";
import { sha256 } from "@homegrown/storage";

const KEY_LENGTH = 12;

/** Twelve hexadecimal digits over names, sizes and times of the source's files and the given options. */
export async function toCorpusKey(sources: readonly CorpusSource[], options: object): Promise<string> {
  const parts: unknown[] = [options];
  for (const source of sources) parts.push(source, await fingerprint(source));
  return sha256(JSON.stringify(parts)).slice(0, KEY_LENGTH);
}

/** npm writes one file that names everything under node_modules; elsewhere every file is looked at. */
async function fingerprint(source: CorpusSource): Promise<string> {
  if (source.layout === "packages") {
    const installed = await describeFile(path.join(source.path, ".package-lock.json"));
    if (installed !== undefined) return installed;
  }
  const folder = globBase(source.path);
  const own = await describeFile(folder);
  if (own !== undefined) return own;
  const names = await readdir(folder, { recursive: true }).catch(() => [] as string[]);
  const described: string[] = [];
  for (const name of names.sort())
    described.push(`${name}\0${(await describeFile(path.join(folder, name))) ?? ""}`);
  return sha256(described.join("\n"));
}

/** The part of a glob before its first wildcard. */
function globBase(pattern: string): string {
  const parts = pattern.split(/[/\\]/);
  const wild = parts.findIndex((part) => /[*?[{]/.test(part));
  return wild < 0 ? pattern : parts.slice(0, wild).join(path.sep) || path.sep;
}

async function describeFile(file: string): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() === true ? `${found.size} ${found.mtimeMs}` : undefined;
}
