// The one corpus of benches and golden curves: the declaration files of packages whose exact versions the
// lock file pins. Its hash is checked, so that a figure always means the same text.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

const PACKAGES = ["@types/node@24.13.0", "kysely@0.29.9", "zod@4.6.7"] as const;
/** Over path, NUL, text, NUL of each file in order: named on pages and golden files. */
export const FIXED_CORPUS_SHA256 = "afce44a9b519ccc6b35999dd3572013b4622e3a2c0efd2dbccc400e2d33a607f";
const NODE_MODULES = path.resolve(import.meta.dirname, "../../../node_modules");

export interface CorpusFile {
  /** Path under node_modules, with `/`. */
  path: string;
  text: string;
}

/** Every `.d.ts` of the pinned packages, sorted by path; about 3.9 MB. Throws when the bytes are not those expected. */
export function readFixedCorpus(): CorpusFile[] {
  const files = PACKAGES.flatMap((pinned) => {
    const [name, version] = splitPin(pinned);
    const folder = path.join(NODE_MODULES, name);
    const found = (JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as { version: string })
      .version;
    if (found !== version) throw new Error(`fixed corpus needs ${pinned}, found ${found}: run npm ci`);
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".d.ts") && !file.includes("node_modules"))
      .map((file) => `${name}/${file.replaceAll(path.sep, "/")}`);
  })
    .sort()
    .map((file) => ({ path: file, text: readFileSync(path.join(NODE_MODULES, file), "utf8") }));
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file.path}\0${file.text}\0`);
  const digest = hash.digest("hex");
  if (digest !== FIXED_CORPUS_SHA256)
    throw new Error(`fixed corpus has hash ${digest}, expected ${FIXED_CORPUS_SHA256}: run npm ci`);
  return files;
}

function splitPin(pinned: string): [name: string, version: string] {
  const at = pinned.lastIndexOf("@");
  return [pinned.slice(0, at), pinned.slice(at + 1)];
}
