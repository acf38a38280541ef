// A lock across processes, in two layers. First a lock of the operating system on the file at `path` (SQLite's,
// held as an open exclusive transaction): the kernel gives it back at the instant its holder dies, so a dead
// holder is never in the way and taking over has no race. Then `<path>.holder`, written under that lock, says
// who holds it: for the message, and because a process that opens and closes its own lock file for any other
// reason (copying or hashing the folder) silently loses the kernel's lock. A living holder counts all the same.
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { HomegrownError } from "@homegrown/contracts";
import { ensureFolder } from "./atomic-files.ts";
import { toDiskError } from "./disk-errors.ts";
import { currentProcess, processState } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { sweepOnce, temporarySibling } from "./temporaries.ts";

export interface LockOptions {
  /** How long to wait for another holder before failing; default 0. */
  waitMs?: number;
}

export interface Lock {
  /** Idempotent. */
  release(): Promise<void>;
}

interface Holder extends ProcessIdentity {
  purpose: string;
  since: string;
}

const SQLITE_BUSY = 5;
const POLL_MS = 15;
const held = new Set<DatabaseSync>();

/**
 * Takes the lock at `path` (a file that the lock owns; never remove it while somebody may hold it).
 * Throws `storage/locked` (conflict) naming the holder's pid and purpose when it is held after `waitMs`.
 * A second acquisition inside one process is refused too.
 */
export async function acquireLock(path: string, purpose: string, options: LockOptions = {}): Promise<Lock> {
  await ensureFolder(dirname(path));
  await sweepOnce(dirname(path));
  const deadline = Date.now() + (options.waitMs ?? 0);
  let handle = tryLock(path);
  while (handle === undefined && Date.now() < deadline) {
    await delay(POLL_MS);
    handle = tryLock(path);
  }
  if (handle === undefined) throw lockedError(path, purpose, await readHolder(path));
  const database = handle;
  held.add(database);
  writeHolder(path, purpose);
  return {
    release: async () => {
      if (!held.delete(database)) return;
      rmSync(holderPath(path), { force: true });
      database.close();
    },
  };
}

function tryLock(path: string): DatabaseSync | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    // Nothing is ever written, so no journal is needed.
    database.exec("pragma journal_mode = off; begin exclusive");
    if (!isHeldByAnother(path)) return database;
    database.close();
    return undefined;
  } catch (error) {
    database?.close();
    if (error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY) {
      return undefined;
    }
    throw toDiskError(error, path);
  }
}

function writeHolder(path: string, purpose: string): void {
  const holder: Holder = { ...currentProcess(), purpose, since: new Date().toISOString() };
  const temporary = temporarySibling(holderPath(path));
  writeFileSync(temporary, JSON.stringify(holder));
  renameSync(temporary, holderPath(path));
}

function isHeldByAnother(path: string): boolean {
  const holder = readHolderFile(path);
  return holder !== undefined && holder.pid !== process.pid && processState(holder) === "alive";
}

/** The living holder; undefined while a new one has not written its name yet. */
async function readHolder(path: string): Promise<Holder | undefined> {
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const holder = readHolderFile(path);
    if (holder && processState(holder) !== "dead") return holder;
    await delay(POLL_MS);
  }
  return undefined;
}

function readHolderFile(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(holderPath(path), "utf8")) as Holder;
  } catch {
    // Not written yet, or just released.
    return undefined;
  }
}

function holderPath(path: string): string {
  return `${path}.holder`;
}

function lockedError(path: string, purpose: string, holder: Holder | undefined): HomegrownError {
  const who = holder
    ? `process ${holder.pid} holds it (${holder.purpose}, since ${holder.since})`
    : "another process holds it";
  return new HomegrownError({
    code: "storage/locked",
    kind: "conflict",
    message: `cannot lock ${path} for ${purpose}: ${who}`,
    hint: holder
      ? `Wait for process ${holder.pid} to end, or stop it; a dead process's lock frees itself.`
      : "Try again in a moment; a dead process's lock frees itself.",
    details: { path, purpose, ...(holder ? { pid: holder.pid, holderPurpose: holder.purpose } : {}) },
    retryable: true,
  });
}
