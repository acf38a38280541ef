// Content-addressed files: `<folder>/<first two digits>/<sha256>`. Version folders hold hard links to them, so
// equal files of many versions take their space once. A blob that nothing links to any more is garbage.
import { chmod, link, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ensureFolder, syncFile, syncFolder } from "./atomic-files.ts";
import { errorCode, withDiskErrors } from "./disk-errors.ts";
import { durableStep } from "./durable-steps.ts";
import { digestsEqual, sha256File } from "./hashes.ts";
import { isTemporaryName, sweepTemporaries, temporarySibling } from "./temporaries.ts";

export interface Blob {
  sha256: string;
  bytes: number;
}

export interface BlobStore {
  /**
   * Makes `file` read-only and one with the blob of its content. Where hard links are not possible (another
   * device, a file system without them) `file` stays a copy of its own, and only the sharing is lost.
   * A blob found under the same name is read and compared first; a damaged one is replaced.
   */
  add(file: string): Promise<Blob>;
  /** Removes what dead processes left and blobs without another link. Safe while others add. */
  sweep(): Promise<void>;
}

const NO_HARD_LINK = new Set(["EXDEV", "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

export function openBlobStore(folder: string): BlobStore {
  return {
    add: (file) => withDiskErrors(file, () => add(folder, file)),
    sweep: () => sweep(folder),
  };
}

async function add(folder: string, file: string): Promise<Blob> {
  await chmod(file, 0o444);
  await syncFile(file, "blob");
  const digest = await sha256File(file);
  const blob = join(folder, digest.slice(0, 2), digest);
  await ensureFolder(dirname(blob));
  // A sweep of another process may remove an unreferenced blob between two looks at it: try again.
  for (let attempt = 0; attempt < 5; attempt += 1) {
    if (await tryAdd(file, blob, digest)) break;
  }
  await syncFolder(dirname(blob), "folder of blob");
  return { sha256: digest, bytes: (await stat(file)).size };
}

async function tryAdd(file: string, blob: string, digest: string): Promise<boolean> {
  try {
    await durableStep("rename", blob, "link blob", () => link(file, blob));
    return true;
  } catch (error) {
    const code = errorCode(error) ?? "";
    if (NO_HARD_LINK.has(code)) return true;
    if (code !== "EEXIST") throw error;
  }
  try {
    if (await isSameFile(file, blob)) return true;
    const intact = digestsEqual(await sha256File(blob), digest);
    if (intact) await replaceByLink(blob, file);
    else await replaceByLink(file, blob);
    return true;
  } catch (error) {
    const code = errorCode(error) ?? "";
    if (NO_HARD_LINK.has(code)) return true;
    if (code === "ENOENT") return false;
    throw error;
  }
}

/** Makes `target` another name of `source`, replacing what was there in one step. */
async function replaceByLink(source: string, target: string): Promise<void> {
  const temporary = temporarySibling(target);
  try {
    await link(source, temporary);
    await durableStep("rename", target, "replace by link", () => rename(temporary, target));
  } finally {
    await rm(temporary, { force: true });
  }
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([stat(a, { bigint: true }), stat(b, { bigint: true })]);
  return left.ino === right.ino && left.dev === right.dev;
}

async function sweep(folder: string): Promise<void> {
  for (const group of await readdir(folder).catch(() => [] as string[])) {
    const path = join(folder, group);
    await sweepTemporaries(path);
    for (const name of await readdir(path).catch(() => [] as string[])) {
      if (isTemporaryName(name)) continue;
      const entry = await stat(join(path, name)).catch(() => undefined);
      if (entry?.nlink === 1) await rm(join(path, name), { force: true });
    }
  }
}
