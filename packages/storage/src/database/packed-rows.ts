// Rows on their way to the database's thread. The structured clone of a row of thirty values costs ten times what
// it costs to write it as JSON and read it there; so rows that JSON can carry exactly go as one text.
import type { BatchStatement, SqlValue } from "./batches.ts";

export interface PackedStatement {
  sql: string;
  /** JSON: the rows. */
  packed: string;
}

export type SentStatement = BatchStatement | PackedStatement;

/** For fewer the detour is not worth it. */
const MIN_ROWS = 4;

export function packStatement(statement: BatchStatement): SentStatement {
  const { sql, rows } = statement;
  if (rows.length < MIN_ROWS || !rows.every(isExactInJson)) return statement;
  return { sql, packed: JSON.stringify(rows) };
}

export function rowsOf(statement: SentStatement): readonly (readonly SqlValue[])[] {
  return "packed" in statement ? (JSON.parse(statement.packed) as SqlValue[][]) : statement.rows;
}

/** JSON has no bigint, no bytes, no infinity, and no negative zero. */
function isExactInJson(row: readonly SqlValue[]): boolean {
  for (const value of row) {
    if (typeof value === "string" || value === null || typeof value === "boolean") continue;
    if (typeof value !== "number" || !Number.isFinite(value) || Object.is(value, -0)) return false;
  }
  return true;
}
