// Temporary siblings: `.<name>.<process token>.<n>.tmp`, beside the target so that a rename stays on one
// device. The name tells who made it, so what a dead process left can be removed by anyone, at any time.
import { readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { threadId } from "node:worker_threads";
import { currentProcess, fromProcessToken, processState, toProcessToken } from "./process-identity.ts";

/** Leftovers of another machine's process (a shared or moved home) are kept this long. */
const FOREIGN_LEFTOVER_MS = 24 * 3600 * 1000;
const PATTERN = /^\..+\.([0-9a-f-]+)\.[0-9]+\.tmp$/;

let counter = 0;
const swept = new Set<string>();

/** A fresh name for a temporary sibling of `target`. */
export function temporarySibling(target: string): string {
  counter += 1;
  // Threads of one process have counters of their own.
  const serial = `${threadId}${String(counter).padStart(9, "0")}`;
  const name = basename(target).slice(0, 120);
  return join(dirname(target), `.${name}.${toProcessToken(currentProcess())}.${serial}.tmp`);
}

export function isTemporaryName(name: string): boolean {
  return PATTERN.test(name);
}

/** Removes what dead processes left in `folder`, once per process and folder. */
export async function sweepOnce(folder: string): Promise<void> {
  const key = resolve(folder);
  if (swept.has(key)) return;
  swept.add(key);
  await sweepTemporaries(folder);
}

/** Removes temporary files and folders in `folder` whose process is dead; returns their names. */
export async function sweepTemporaries(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const removed: string[] = [];
  for (const name of names) {
    const token = PATTERN.exec(name)?.[1];
    const owner = token === undefined ? undefined : fromProcessToken(token);
    if (owner === undefined) continue;
    const path = join(folder, name);
    const state = processState(owner);
    if (state === "alive" || (state === "unknown" && !(await isOld(path)))) continue;
    await rm(path, { recursive: true, force: true });
    removed.push(name);
  }
  return removed;
}

async function isOld(path: string): Promise<boolean> {
  const entry = await stat(path).catch(() => undefined);
  return entry !== undefined && Date.now() - entry.mtimeMs > FOREIGN_LEFTOVER_MS;
}
