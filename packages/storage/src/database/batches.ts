// A batch is a few statements, each with many rows of parameters, that are done together or not at all. It is
// the way in for what arrives by the thousand a second: one message, one transaction, nothing built per row.
import { HomegrownError } from "@homegrown/contracts";
import { describeStatement, WRONG_PARAMETERS } from "./database-errors.ts";
import { SQL_TOKENS } from "./placeholders.ts";

/** What a parameter may be on every engine. A boolean becomes 0 or 1; JSON is text. */
export type SqlValue = string | number | bigint | boolean | Uint8Array | null;

export interface BatchStatement {
  /**
   * Written once for all rows. Placeholders are `$1`, `$2`, … on every engine, or what `queries…compile().sql`
   * gives for this one. Identical text is prepared once and kept, so put what varies into the rows.
   */
  sql: string;
  /** The statement runs once for each row, in order. None is fine: then it does not run. */
  rows: readonly (readonly SqlValue[])[];
}

/** Of one statement, over all of its rows. */
export interface BatchResult {
  /** Rows inserted, updated or deleted; 0 for a statement that returns rows. */
  changes: number;
  /** What it returned (`returning …`), in the order of its rows. */
  rows: Record<string, unknown>[];
}

const MAX_KNOWN = 1000;
const known = new Map<string, number>();

export function numRowsOf(statements: readonly BatchStatement[]): number {
  return statements.reduce((sum, { rows }) => sum + rows.length, 0);
}

/**
 * Throws `storage/wrong-parameters` when a row has another number of values than its statement has
 * placeholders: one engine would take the missing ones for null, another refuse them.
 */
export function checkParameters(statements: readonly BatchStatement[]): void {
  for (const { sql, rows } of statements) {
    const expected = numPlaceholders(sql);
    const wrong = rows.find((row) => row.length !== expected);
    if (wrong === undefined) continue;
    throw new HomegrownError({
      ...WRONG_PARAMETERS,
      message: `${describeStatement(sql)} has ${expected} placeholders and was given ${wrong.length} values`,
    });
  }
}

function numPlaceholders(sql: string): number {
  const before = known.get(sql);
  if (before !== undefined) return before;
  let highest = 0;
  let unnumbered = 0;
  for (const [token, dollar, mark] of sql.matchAll(SQL_TOKENS)) {
    if (token === "?") unnumbered += 1;
    else highest = Math.max(highest, Number(dollar ?? mark ?? 0));
  }
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(sql, highest + unnumbered);
  return highest + unnumbered;
}
