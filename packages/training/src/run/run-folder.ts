import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { HomegrownError, runIdSchema, runManifestSchema } from "@homegrown/contracts";
import type { RunManifest } from "@homegrown/contracts";
import { homePaths, sha256, writeFileAtomic } from "@homegrown/storage";

/** What lies in `runs/<id>` of a home. */
export interface RunFolder {
  readonly root: string;
  readonly manifest: string;
  readonly metrics: string;
  readonly skips: string;
  readonly samples: string;
  readonly checkpoints: string;
  readonly lock: string;
}

export function runFolder(home: string, id: string): RunFolder {
  const root = join(homePaths(home).runs, id);
  return {
    root,
    manifest: join(root, "manifest.json"),
    metrics: join(root, "metrics.jsonl"),
    skips: join(root, "skips.json"),
    samples: join(root, "samples.json"),
    checkpoints: join(root, "checkpoints"),
    lock: join(root, "lock"),
  };
}

/** The manifest as its run's folder holds it: key order does not matter to its identity. */
export function manifestText(manifest: RunManifest): string {
  return `${JSON.stringify(runManifestSchema.parse(manifest), undefined, 2)}\n`;
}

export function manifestSha256(manifest: RunManifest): string {
  return sha256(manifestText(manifest));
}

/** Writes the manifest, or checks that the folder's is the same. Throws `training/manifest-changed`. */
export async function settleManifest(folder: RunFolder, manifest: RunManifest): Promise<void> {
  const existing = await readText(folder.manifest);
  if (existing === undefined) return writeFileAtomic(folder.manifest, manifestText(manifest));
  if (manifestText(parseManifest(existing, folder.manifest)) === manifestText(manifest)) return;
  throw new HomegrownError({
    code: "training/manifest-changed",
    kind: "conflict",
    message: `run '${manifest.id}' exists with another manifest in ${folder.manifest}`,
    hint: "Resume that run with its own manifest, or train under another id.",
  });
}

/** Throws `training/unknown-run` and `training/manifest-unreadable`. */
export async function readManifest(home: string, id: string): Promise<RunManifest> {
  const { manifest } = runFolder(home, id);
  // A name that is no run's must not lead out of the folder of runs.
  const text = runIdSchema.safeParse(id).success ? await readText(manifest) : undefined;
  if (text !== undefined) return parseManifest(text, manifest);
  throw new HomegrownError({
    code: "training/unknown-run",
    kind: "not-found",
    message: `there is no run '${id}': ${manifest} does not exist`,
    hint: "List the runs of this home, or start a new one.",
  });
}

function parseManifest(text: string, file: string): RunManifest {
  try {
    return runManifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new HomegrownError({
      code: "training/manifest-unreadable",
      kind: "corrupt",
      message: `${file} is no run manifest: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "Restore the file from a copy, or start the run again under another id.",
      cause,
    });
  }
}

async function readText(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}
