// What a signature covers: every regular file below a folder, by path relative to it.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { HomegrownError } from "@homegrown/contracts";
import { sha256File } from "@homegrown/storage";

/** The signature's own file, and what `model-signing` leaves out by default, at the top of the folder. */
export const SIGNATURE_FILE = "model.sig";
export const IGNORED_PATHS: readonly string[] = [
  SIGNATURE_FILE,
  ".git",
  ".gitattributes",
  ".github",
  ".gitignore",
];

/** Files hashed at once; the large ones in storage's hashing threads. */
const NUM_PARALLEL = 4;

/**
 * Paths (with `/`) of all files below `folder`, in the order in which `model-signing` lists them: component by
 * component, by code point. Throws `registry/unsignable-file` for links, sockets, devices.
 */
export async function listFiles(folder: string, ignored: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  const visit = async (prefix: string): Promise<void> => {
    for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
      const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
      if (ignored.includes(path)) continue;
      if (entry.isDirectory()) await visit(path);
      else if (entry.isFile()) files.push(path);
      else throw unsignableError(folder, path);
    }
  };
  await visit("");
  return files.sort(comparePaths);
}

/** Python compares paths as tuples of names, and names by code point; UTF-8 bytes keep that order. */
export function comparePaths(a: string, b: string): number {
  const left = a.split("/");
  const right = b.split("/");
  for (let i = 0; i < left.length && i < right.length; i += 1) {
    const order = Buffer.compare(Buffer.from(left[i]!), Buffer.from(right[i]!));
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** sha256 of each file, in the order given. Nothing is remembered between calls: a change cannot hide. */
export async function hashFiles(folder: string, files: readonly string[]): Promise<string[]> {
  const digests: string[] = Array.from({ length: files.length });
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < files.length) {
      const index = next;
      next += 1;
      digests[index] = await sha256File(join(folder, files[index]!));
    }
  };
  await Promise.all(Array.from({ length: NUM_PARALLEL }, work));
  return digests;
}

function unsignableError(folder: string, path: string): HomegrownError {
  return new HomegrownError({
    code: "registry/unsignable-file",
    kind: "invalid-input",
    message: `${path} in ${folder} is neither a file nor a folder; a signature covers only those`,
    hint: "Replace a symbolic link by the file that it points to, and remove sockets and devices.",
    details: { folder, path },
  });
}
