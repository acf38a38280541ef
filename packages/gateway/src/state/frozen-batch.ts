import type { BatchResult, BatchStatement, SqlValue } from "@homegrown/storage";

export type Row = readonly SqlValue[];

/** What is committed at once; nothing in it changes between two attempts. */
export interface FrozenBatch {
  /** Rows by their statement, in the order of the statements' first use. */
  queued: ReadonlyMap<string, readonly Row[]>;
  contributions: readonly Contribution[];
}

export interface Contribution {
  statements: readonly BatchStatement[];
  /** Undefined: it was committed, but the answer was lost on the way. */
  committed(results: readonly BatchResult[] | undefined): void;
  /** It was refused for itself and changed nothing. */
  voided(): void;
}

export function countRows(queued: ReadonlyMap<string, readonly Row[]>): number {
  let numRows = 0;
  for (const rows of queued.values()) numRows += rows.length;
  return numRows;
}

/** Smaller batches, one of which holds what was refused; none when this one cannot be divided. */
export function splitBatch({ queued, contributions }: FrozenBatch): FrozenBatch[] {
  if (contributions.length > 0) {
    const alone = contributions.map((one) => ({ queued: new Map(), contributions: [one] }));
    if (queued.size > 0) return [{ queued, contributions: [] }, ...alone];
    return alone.length > 1 ? alone : [];
  }
  if (queued.size > 1) {
    return [...queued].map(([sql, rows]) => ({ queued: new Map([[sql, rows]]), contributions: [] }));
  }
  const [[sql, rows] = ["", []]] = queued;
  if (rows.length < 2) return [];
  const half = Math.ceil(rows.length / 2);
  return [rows.slice(0, half), rows.slice(half)].map((some) => ({
    queued: new Map([[sql, some]]),
    contributions: [],
  }));
}
