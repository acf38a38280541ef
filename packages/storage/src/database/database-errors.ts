import { HomegrownError } from "@homegrown/contracts";
import type { ErrorKind } from "@homegrown/contracts";
import type { DatabaseFailure } from "./messages.ts";

export interface Explanation {
  code: string;
  kind: ErrorKind;
  hint: string;
  retryable?: boolean;
}

/** A value that its column cannot hold: text for an integer, or too much. */
export const INVALID_VALUE: Explanation = {
  code: "storage/invalid-value",
  kind: "invalid-input",
  hint: "Check what was given before it is written: its type and its size.",
};

/** By SQLite's extended or else its primary result code, https://sqlite.org/rescode.html. */
const EXPLANATIONS: Readonly<Record<number, Explanation>> = {
  5: {
    code: "storage/database-busy",
    kind: "unavailable",
    hint: "Another process is writing for a long time. Try again, or stop that process.",
    retryable: true,
  },
  8: {
    code: "storage/not-writable",
    kind: "unavailable",
    hint: "Give this user the right to write the database file and its folder.",
  },
  10: {
    code: "storage/disk-failed",
    kind: "unavailable",
    hint: "Reading or writing the disk failed. Check the disk's health and free space.",
  },
  11: {
    code: "storage/database-corrupt",
    kind: "corrupt",
    hint: "Restore the database from a backup; model folders carry their own lineage and signature.",
  },
  13: {
    code: "storage/disk-full",
    kind: "unavailable",
    hint: "Free space on that disk, then run again: the transaction was rolled back whole.",
    retryable: true,
  },
  14: {
    code: "storage/not-writable",
    kind: "unavailable",
    hint: "Check that the folder of the database exists and may be written.",
  },
  19: {
    code: "storage/constraint",
    kind: "conflict",
    hint: "The same thing was recorded already, perhaps by another process: read again and retry.",
  },
  18: INVALID_VALUE,
  20: INVALID_VALUE,
  // SQLITE_CONSTRAINT_DATATYPE
  3091: INVALID_VALUE,
  26: {
    code: "storage/database-corrupt",
    kind: "corrupt",
    hint: "The file is no SQLite database. Move it away, or restore it from a backup.",
  },
};

const GONE: Explanation = {
  code: "storage/database-gone",
  kind: "unavailable",
  hint: "Put the file back, or restore it from a backup, and start again; nothing was written since it went.",
};

/** What nobody but the program's authors can do something about. */
export const FAILED: Explanation = {
  code: "storage/database-failed",
  kind: "internal",
  hint: "This is a fault of the program: report it with the statement that the message names.",
};

export const WRONG_PARAMETERS: Explanation = { ...FAILED, code: "storage/wrong-parameters" };

export const NUMBER_TOO_LARGE: Explanation = {
  code: "storage/number-too-large",
  kind: "internal",
  hint: "An integer is beyond ±2^53, where numbers are no longer exact: select it as text, or find out what wrote it.",
};

/** A parameter that cannot be sent to the worker, for example a function. */
export const NOT_SENDABLE = "not-sendable";

const BY_NODE_CODE: Readonly<Record<string, Explanation>> = {
  [NOT_SENDABLE]: WRONG_PARAMETERS,
  ERR_INVALID_ARG_TYPE: WRONG_PARAMETERS,
  ERR_INVALID_ARG_VALUE: WRONG_PARAMETERS,
  ERR_OUT_OF_RANGE: NUMBER_TOO_LARGE,
};

/** A failure inside the worker as an error that says what was being done, for example a statement's start. */
export function toDatabaseError(failure: DatabaseFailure, file: string, doing: string): HomegrownError {
  const explanation =
    (failure.gone ? GONE : BY_NODE_CODE[failure.code ?? ""]) ??
    EXPLANATIONS[failure.errcode ?? 0] ??
    EXPLANATIONS[(failure.errcode ?? 0) & 0xff] ??
    FAILED;
  const where = failure.sql === undefined ? doing : `${doing}, ${describeStatement(failure.sql)},`;
  return new HomegrownError({
    ...explanation,
    message: `${where} failed on ${file}: ${failure.message}`,
    details: { file, ...(failure.errcode === undefined ? {} : { sqliteCode: failure.errcode }) },
  });
}

export function closedError(location: string, why: string): HomegrownError {
  return new HomegrownError({
    code: "storage/database-closed",
    kind: "unavailable",
    message: `the database ${location} cannot be used: ${why}`,
    hint: "Open it again; if its worker thread died, report what the message says.",
    details: { location },
  });
}

export function noStreamingError(): HomegrownError {
  return new HomegrownError({
    code: "storage/no-streaming",
    kind: "internal",
    message: "streaming a query is not supported: it would hold a connection while rows are consumed",
    hint: "Page through the rows with a where clause on the key of the last row, and a limit.",
  });
}

/** The beginning of a statement, for messages; it never holds a value. */
export function describeStatement(sql: string): string {
  const line = sql.replaceAll(/\s+/g, " ").trim();
  return `statement \`${line.length > 80 ? `${line.slice(0, 80)}…` : line}\``;
}
