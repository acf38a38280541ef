// What crosses the channel between the main thread and the database's worker. Kept this narrow on purpose.
import type { BatchResult } from "./batches.ts";
import type { SentStatement } from "./packed-rows.ts";

export interface SqlResult {
  rows: Record<string, unknown>[];
  /** Rows inserted, updated or deleted; absent for statements that return rows. */
  changes?: bigint;
  insertId?: bigint;
}

/** What a commit that was reported survives: see `OpenDatabaseOptions.synchronous`. */
export type Synchronous = "full" | "normal";

export interface DatabaseSettings {
  file: string;
  /** How long a statement waits for another process's write before it fails. */
  busyTimeoutMs: number;
  synchronous: Synchronous;
}

export type DatabaseRequest =
  | { id: number; kind: "execute"; sql: string; parameters: readonly unknown[] }
  /** All in one transaction of its own; waits in the worker for one that is open. */
  | { id: number; kind: "batch"; statements: readonly SentStatement[] }
  | { id: number; kind: "rollback" }
  | { id: number; kind: "close" };

export interface DatabaseFailure {
  message: string;
  /** SQLite's extended result code; absent when the error is not SQLite's. */
  errcode?: number;
  /** Node's name for the error, for example of a value that cannot be a parameter. */
  code?: string;
  /** The database file is no longer the one that was opened. */
  gone?: boolean;
  /** The statement of a batch that failed. */
  sql?: string;
}

export type DatabaseAnswer = SqlResult | BatchResult[];

export type DatabaseResponse =
  | { id: number; result: DatabaseAnswer; failure?: undefined }
  | { id: number; failure: DatabaseFailure; result?: undefined };

/** The worker's first message has this id: the database is open, or why not. */
export const OPENED_ID = 0;
