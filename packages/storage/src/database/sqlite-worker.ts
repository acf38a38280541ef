// The thread that owns the connection. `node:sqlite` is synchronous, so every wait for the disk or for another
// process happens here and never on the thread that serves requests.
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import type { SQLInputValue } from "node:sqlite";
import { OPENED_ID } from "./messages.ts";
import type {
  DatabaseFailure,
  DatabaseRequest,
  DatabaseResponse,
  DatabaseSettings,
  SqlResult,
} from "./messages.ts";

const SQLITE_BUSY = 5;
const settings = workerData as DatabaseSettings;
const port = parentPort!;
let database: DatabaseSync | undefined;

answer(OPENED_ID, () => {
  database = open(settings);
  return { rows: [] };
});
if (database === undefined) port.close();

port.on("message", (request: DatabaseRequest) => {
  answer(request.id, () => handle(database!, request));
  if (request.kind === "close") port.close();
});

function open({ file, busyTimeoutMs }: DatabaseSettings): DatabaseSync {
  const opened = new DatabaseSync(file, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  try {
    switchToWal(opened, Date.now() + busyTimeoutMs);
    // FULL: a commit that was reported has reached the disk. NORMAL would lose the last ones with the power.
    opened.exec("pragma synchronous = full");
    return opened;
  } catch (error) {
    opened.close();
    throw error;
  }
}

/** Two processes that create one database at once: the switch to WAL does not wait by itself. */
function switchToWal(opened: DatabaseSync, deadline: number): void {
  for (;;) {
    try {
      opened.exec("pragma journal_mode = wal");
      return;
    } catch (error) {
      if ((toFailure(error).errcode ?? 0) % 256 !== SQLITE_BUSY || Date.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function handle(opened: DatabaseSync, request: DatabaseRequest): SqlResult {
  switch (request.kind) {
    case "execute":
      return execute(opened, request.sql, request.parameters);
    case "rollback":
      // A full disk makes SQLite roll back by itself; then nothing is left to undo.
      if (opened.isTransaction) opened.exec("rollback");
      return { rows: [] };
    case "close":
      opened.close();
      return { rows: [] };
  }
}

function execute(opened: DatabaseSync, sql: string, parameters: readonly unknown[]): SqlResult {
  const statement = opened.prepare(sql);
  const values = parameters as readonly SQLInputValue[];
  if (statement.columns().length > 0) return { rows: statement.all(...values) };
  const { changes, lastInsertRowid } = statement.run(...values);
  return { rows: [], changes: BigInt(changes), insertId: BigInt(lastInsertRowid) };
}

function answer(id: number, action: () => SqlResult): void {
  let response: DatabaseResponse;
  try {
    response = { id, result: action() };
  } catch (error) {
    response = { id, failure: toFailure(error) };
  }
  port.postMessage(response);
}

function toFailure(error: unknown): DatabaseFailure {
  if (!(error instanceof Error)) return { message: String(error) };
  const errcode = "errcode" in error ? Number(error.errcode) : undefined;
  return { message: error.message, ...(errcode === undefined ? {} : { errcode }) };
}
