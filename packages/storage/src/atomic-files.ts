// Files and folders that are there whole or not at all: written beside the target under a temporary name,
// forced to disk, renamed, and the rename forced to disk too (fsync of the parent folder).
import { link, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { HomegrownError } from "@homegrown/contracts";
import { errorCode, withDiskErrors } from "./disk-errors.ts";
import { durableStep } from "./durable-steps.ts";
import { sweepOnce, temporarySibling } from "./temporaries.ts";

export interface WriteFileAtomicOptions {
  /** Permission bits of the new file; default 0o644 less the process's umask. */
  mode?: number;
  /** Throw `storage/exists` (conflict) instead of replacing an existing file. */
  exclusive?: boolean;
}

/**
 * Replaces `path` by `data`, creating its folder when missing. When the promise resolves the new content
 * survives power loss; when anything fails before, the old content stands. Throws `storage/disk-full`,
 * `storage/not-writable`, `storage/exists`.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: WriteFileAtomicOptions = {},
): Promise<void> {
  await ensureFolder(dirname(path));
  await sweepOnce(dirname(path));
  const temporary = temporarySibling(path);
  await withDiskErrors(path, async () => {
    try {
      await writeDurably(temporary, data, options.mode ?? 0o644);
      if (options.exclusive) await linkExclusively(temporary, path);
      else await durableStep("rename", path, "file", () => rename(temporary, path));
    } finally {
      await rm(temporary, { force: true });
    }
    await syncFolder(dirname(path), "folder of file");
  });
}

async function writeDurably(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await durableStep("write", path, "file", () => file.writeFile(data));
    await durableStep("fsync", path, "file", () => file.sync());
  } finally {
    await file.close();
  }
}

async function linkExclusively(temporary: string, path: string): Promise<void> {
  try {
    await durableStep("rename", path, "new file", () => link(temporary, path));
  } catch (error) {
    if (errorCode(error) === "EEXIST") throw existsError(path);
    throw error;
  }
}

/** A folder being filled under a temporary name. Call `publish` or `discard`. */
export interface StagedFolder {
  readonly folder: string;
  /** Forces all content to disk and gives the folder its name. Throws `storage/exists` if that is taken. */
  publish(target: string): Promise<void>;
  discard(): Promise<void>;
}

/** A temporary folder beside `target`, for work whose final name is not known before it is done. */
export async function stageFolder(target: string): Promise<StagedFolder> {
  await ensureFolder(dirname(target));
  await sweepOnce(dirname(target));
  const folder = temporarySibling(target);
  await withDiskErrors(folder, () => mkdir(folder));
  return {
    folder,
    publish: (name) =>
      withDiskErrors(name, async () => {
        await syncTree(folder);
        await renameToNew(folder, name);
        await syncFolder(dirname(name), "parent of folder");
      }),
    discard: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * Makes the folder `target` with what `fill` writes into the folder it is given; `target` appears whole or
 * not at all. Throws `storage/exists` (conflict) when `target` exists, what `fill` throws, and disk errors.
 */
export async function publishFolder(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  await refuseExisting(target);
  const staged = await stageFolder(target);
  try {
    await withDiskErrors(target, () => fill(staged.folder));
    await staged.publish(target);
  } catch (error) {
    await staged.discard();
    throw error;
  }
}

async function renameToNew(folder: string, target: string): Promise<void> {
  // rename(2) silently replaces an empty folder; nobody else fills `target` except by this same rename.
  await refuseExisting(target);
  try {
    await durableStep("rename", target, "folder", () => rename(folder, target));
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOTDIR") throw existsError(target);
    throw error;
  }
}

async function refuseExisting(path: string): Promise<void> {
  const existing = await stat(path).catch(() => undefined);
  if (existing !== undefined) throw existsError(path);
}

function existsError(path: string): HomegrownError {
  return new HomegrownError({
    code: "storage/exists",
    kind: "conflict",
    message: `cannot create ${path}: it exists already`,
    hint: "Choose another name, or remove what is there if nobody needs it.",
    details: { path },
  });
}

/** Forces a folder's entries (names, not contents) to disk. */
export async function syncFolder(folder: string, purpose = "folder"): Promise<void> {
  // Windows cannot open a folder for fsync; NTFS journals the rename itself.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await durableStep("fsync", folder, purpose, () => handle.sync());
  } finally {
    await handle.close();
  }
}

/** Forces one file's content to disk. */
export async function syncFile(path: string, purpose = "file"): Promise<void> {
  const handle = await open(path, process.platform === "win32" ? "r+" : "r");
  try {
    await durableStep("fsync", path, purpose, () => handle.sync());
  } finally {
    await handle.close();
  }
}

async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) await syncFile(path, "file of folder");
  }
  await syncFolder(folder);
}

/** `mkdir -p` whose new names survive power loss. */
export async function ensureFolder(folder: string): Promise<void> {
  const target = resolve(folder);
  await withDiskErrors(target, async () => {
    const first = await mkdir(target, { recursive: true });
    if (first === undefined) return;
    for (let path = target; path.length >= resolve(first).length; path = dirname(path)) {
      await syncFolder(dirname(path), "parent of new folder");
    }
  });
}
