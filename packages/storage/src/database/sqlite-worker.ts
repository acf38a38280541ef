// The thread that owns the connection. `node:sqlite` is synchronous, so every wait for the disk or for another
// process happens here and never on the thread that serves requests.
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import type { BatchResult } from "./batches.ts";
import { fileIdentity, GoneError } from "./file-identity.ts";
import { OPENED_ID } from "./messages.ts";
import type {
  DatabaseAnswer,
  DatabaseFailure,
  DatabaseRequest,
  DatabaseResponse,
  DatabaseSettings,
  SqlResult,
} from "./messages.ts";
import { rowsOf } from "./packed-rows.ts";
import type { SentStatement } from "./packed-rows.ts";
import { toNumberedPlaceholders } from "./placeholders.ts";
import { StatementCache } from "./statement-cache.ts";
import type { SqlParameters } from "./statement-cache.ts";

const SQLITE_BUSY = 5;
const NOTHING: SqlResult = { rows: [] };
const settings = workerData as DatabaseSettings;
const port = parentPort!;
let database: DatabaseSync | undefined;
let statements: StatementCache;
let identity: string;
/** Batches that came while a transaction was open: they run when it has ended, never inside it. */
const deferred: Extract<DatabaseRequest, { kind: "batch" }>[] = [];

answer(OPENED_ID, () => {
  database = open(settings);
  statements = new StatementCache(database);
  identity = fileIdentity(settings.file);
  return NOTHING;
});
if (database === undefined) port.close();

port.on("message", (request: DatabaseRequest) => {
  if (request.kind === "batch") deferred.push(request);
  else answer(request.id, () => handle(request));
  if (request.kind === "close") port.close();
  else runDeferred();
});

function open({ file, busyTimeoutMs, synchronous }: DatabaseSettings): DatabaseSync {
  const opened = new DatabaseSync(file, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  try {
    switchToWal(opened, Date.now() + busyTimeoutMs);
    opened.exec(`pragma synchronous = ${synchronous === "normal" ? "normal" : "full"}`);
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

function handle(request: Exclude<DatabaseRequest, { kind: "batch" }>): SqlResult {
  switch (request.kind) {
    case "execute":
      return execute(request.sql, request.parameters);
    case "rollback":
      rollback();
      return NOTHING;
    case "close":
      database!.close();
      return NOTHING;
  }
}

/** A full disk makes SQLite roll back by itself; then nothing is left to undo. */
function rollback(): void {
  if (database!.isTransaction) database!.exec("rollback");
}

function runDeferred(): void {
  while (deferred.length > 0 && !database!.isTransaction) {
    const { id, statements: batch } = deferred.shift()!;
    answer(id, () => runBatch(batch));
  }
}

function execute(sql: string, parameters: readonly unknown[]): SqlResult {
  const { statement, returnsRows } = statements.get(sql);
  const values = parameters as SqlParameters;
  checkFirst(values);
  if (returnsRows) return { rows: statement.all(...values) };
  if (!database!.isTransaction) checkIdentity();
  const { changes, lastInsertRowid } = statement.run(...values);
  return { rows: [], changes: BigInt(changes), insertId: BigInt(lastInsertRowid) };
}

function runBatch(batch: readonly SentStatement[]): BatchResult[] {
  execute("begin immediate", []);
  try {
    const results = batch.map(runStatement);
    execute("commit", []);
    return results;
  } catch (error) {
    rollback();
    throw error;
  }
}

function runStatement(sent: SentStatement): BatchResult {
  const { sql } = sent;
  try {
    const { statement, returnsRows } = statements.get(sql, toNumberedPlaceholders);
    const result: BatchResult = { changes: 0, rows: [] };
    for (const row of rowsOf(sent) as readonly SqlParameters[]) {
      checkFirst(row);
      if (returnsRows) result.rows.push(...statement.all(...row));
      else result.changes += Number(statement.run(...row).changes);
    }
    return result;
  } catch (error) {
    throw Object.assign(error as Error, { failedSql: sql });
  }
}

/** `node:sqlite` takes an object in the first place for named parameters and shifts the rest. */
function checkFirst([first]: SqlParameters): void {
  if (typeof first !== "object" || first === null || ArrayBuffer.isView(first)) return;
  throw Object.assign(new TypeError("an object cannot be a parameter"), { code: "ERR_INVALID_ARG_TYPE" });
}

/** What is written to a file that was deleted is lost without a word from SQLite; so look first. */
function checkIdentity(): void {
  if (fileIdentity(settings.file) !== identity) throw new GoneError();
}

function answer(id: number, action: () => DatabaseAnswer): void {
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
  return {
    message: error.message,
    ...("errcode" in error ? { errcode: Number(error.errcode) } : {}),
    ...("code" in error ? { code: String(error.code) } : {}),
    ...("failedSql" in error ? { sql: String(error.failedSql) } : {}),
    ...(error instanceof GoneError ? { gone: true } : {}),
  };
}
