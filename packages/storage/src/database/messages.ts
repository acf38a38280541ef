// What crosses the channel between the main thread and the database's worker. Kept this narrow on purpose: a
// worker that commits several requests at once, or another engine, has only these to answer.

export interface SqlResult {
  rows: Record<string, unknown>[];
  /** Rows inserted, updated or deleted; absent for statements that return rows. */
  changes?: bigint;
  insertId?: bigint;
}

export interface DatabaseSettings {
  file: string;
  /** How long a statement waits for another process's write before it fails. */
  busyTimeoutMs: number;
}

export type DatabaseRequest =
  | { id: number; kind: "execute"; sql: string; parameters: readonly unknown[] }
  | { id: number; kind: "rollback" }
  | { id: number; kind: "close" };

/** `errcode` is SQLite's extended result code; absent when the error is not SQLite's. */
export interface DatabaseFailure {
  message: string;
  errcode?: number;
}

export type DatabaseResponse =
  | { id: number; result: SqlResult; failure?: undefined }
  | { id: number; failure: DatabaseFailure; result?: undefined };

/** The worker's first message has this id: the database is open, or why not. */
export const OPENED_ID = 0;
