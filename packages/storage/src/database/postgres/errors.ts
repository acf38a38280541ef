// Postgres's failures as the codes that SQLite's have, https://www.postgresql.org/docs/current/errcodes-appendix.html.
// Its `detail` and the values that a message quotes are left out: they are users' data.
import { HomegrownError } from "@homegrown/contracts";
import { FAILED, INVALID_VALUE } from "../database-errors.ts";
import type { Explanation } from "../database-errors.ts";

const UNAVAILABLE: Explanation = {
  code: "storage/database-unavailable",
  kind: "unavailable",
  hint: "Start the database or wait for it; connections are made again by themselves.",
  retryable: true,
};
const REFUSED: Explanation = {
  code: "storage/database-refused",
  kind: "unavailable",
  hint: "Check user, password, database name and sslmode in the connection string, and what the server permits.",
};
const CONFLICT: Explanation = {
  code: "storage/database-conflict",
  kind: "conflict",
  hint: "Others changed the same rows at the same time; everything was undone. Try again.",
  retryable: true,
};
const BUSY: Explanation = {
  code: "storage/database-busy",
  kind: "unavailable",
  hint: "Another process is writing for a long time, or every connection is in use. Try again, or stop that process.",
  retryable: true,
};
const SLOW: Explanation = {
  code: "storage/database-timeout",
  kind: "unavailable",
  hint: "The database is overloaded, or the statement reads too much. Try again, or look at what the server is doing.",
  retryable: true,
};
const CONSTRAINT: Explanation = {
  code: "storage/constraint",
  kind: "conflict",
  hint: "The same thing was recorded already, perhaps by another process: read again and retry.",
};
const FULL: Explanation = {
  code: "storage/disk-full",
  kind: "unavailable",
  hint: "Free space on the database server's disk, then run again: the transaction was rolled back whole.",
  retryable: true,
};
const NOT_WRITABLE: Explanation = {
  code: "storage/not-writable",
  kind: "unavailable",
  hint: "The server only reads, perhaps because it is a standby: connect to the primary.",
};
const DISK_FAILED: Explanation = {
  code: "storage/disk-failed",
  kind: "unavailable",
  hint: "The database server cannot read or write its disk. Look at its log, the disk's health and free space.",
};
const CORRUPT: Explanation = {
  code: "storage/database-corrupt",
  kind: "corrupt",
  hint: "The server found its files damaged: restore the database from a backup.",
};
const INVALID_TEXT: Explanation = {
  code: "storage/invalid-text",
  kind: "invalid-input",
  hint: "Postgres keeps no U+0000 in text: remove it, or store the text as bytes or as JSON.",
};

/** By the whole SQLSTATE, or else by its first two characters. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  "08": UNAVAILABLE,
  "08P01": FAILED,
  "22": INVALID_VALUE,
  "22021": INVALID_TEXT,
  "23": CONSTRAINT,
  "25006": NOT_WRITABLE,
  "25P03": UNAVAILABLE,
  "28": REFUSED,
  "3D000": REFUSED,
  "40": CONFLICT,
  "42501": REFUSED,
  "53": UNAVAILABLE,
  "53100": FULL,
  "54": INVALID_VALUE,
  "55P03": BUSY,
  "57": UNAVAILABLE,
  "57014": SLOW,
  "58": DISK_FAILED,
  XX001: CORRUPT,
  XX002: CORRUPT,
};

/** Was anything sent that the server may have done, though it never answered? */
export type Outcome = "not-done" | "unknown";

export interface PostgresFailure {
  error: unknown;
  location: string;
  /** What was being done, for example a statement's start. */
  doing: string;
  /** What is true if the connection was lost; what the server itself refuses is always undone. */
  ifLost: Outcome;
}

export function toPostgresError({ error, location, doing, ifLost }: PostgresFailure): HomegrownError {
  if (error instanceof HomegrownError) return error;
  const { message, state } = readError(error);
  const explanation = explain(state, message);
  // A server that shuts down may say so after it committed and instead of an answer.
  const outcome = isConnectionLost(error) ? ifLost : "not-done";
  return new HomegrownError({
    ...explanation,
    message: `${doing} failed on ${location}: ${withoutValues(message, state)}`,
    details: { location, outcome, ...(state === undefined ? {} : { sqlState: state }) },
  });
}

/** True when the connection is of no more use: whatever comes next on it would fail or be mixed up. */
export function isConnectionLost(error: unknown): boolean {
  if (error instanceof HomegrownError) return false;
  return !isFromServer(error) || /^(08(?!P01)|57P|25P03)/.test(readError(error).state ?? "");
}

function explain(state: string | undefined, message: string): Explanation {
  if (state !== undefined) return EXPLANATIONS[state] ?? EXPLANATIONS[state.slice(0, 2)] ?? FAILED;
  // pg's own words when all connections of the pool were in use for too long, and when no answer came.
  if (message === "timeout exceeded when trying to connect") return BUSY;
  if (message === "Query read timeout") return SLOW;
  return /\b(SSL|TLS|SASL|certificate)\b/i.test(message) ? REFUSED : UNAVAILABLE;
}

/** The server's own errors carry a severity; those of sockets and of pg itself do not. */
function isFromServer(error: unknown): boolean {
  return error instanceof Error && "severity" in error;
}

function readError(error: unknown): { message: string; state?: string } {
  // Connecting to a name with several addresses fails with all of their errors and an empty message.
  if (error instanceof AggregateError && error.message === "") return readError(error.errors[0]);
  if (!(error instanceof Error)) return { message: String(error) };
  if (isFromServer(error) && "code" in error) return { message: error.message, state: String(error.code) };
  return { message: error.message };
}

/** `invalid input syntax for type bigint: "…"`: what stands in quotes after the colon came from a user. */
function withoutValues(message: string, state: string | undefined): string {
  return state?.startsWith("22") ? message.replace(/: ".*$/s, "") : message;
}
