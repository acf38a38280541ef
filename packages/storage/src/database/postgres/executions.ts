import type { BatchStatement } from "../batches.ts";
import type { Execution } from "./pipeline.ts";

/**
 * An insert of nothing but placeholders, `insert into t (a, b) values ($1, $2)`, perhaps with `on conflict …` and
 * `returning …`: many rows in one statement mean the same as one by one. With `do update` they do so unless two
 * of them are the same row, which the server refuses (`CARDINALITY_VIOLATION`): see `goRowByRow`.
 */
const PLAIN_INSERT =
  /^(\s*insert\s+into\s+[^()]+\([^()]*\)\s*values\s*)\(([\s$\d,]+)\)((?:\s*on\s+conflict\b[^;$]*|\s*returning\b[^;$]*)?)\s*$/i;

export const CARDINALITY_VIOLATION = "21000";

/** Few sizes, so that few statements are prepared for each text; the largest is past where more would help. */
const CHUNK_SIZES = [64, 8, 1] as const;
/** Of the protocol, which counts them in 16 bits. */
const MAX_PARAMETERS = 65_535;
const MAX_KNOWN = 1000;

interface Shape {
  numColumns: number;
  /** The statement for so many rows; undefined where it has to run row by row. */
  forRows?: Map<number, string>;
}

const shapes = new Map<string, Shape>();

/** What a batch sends: plain inserts many rows at a time, everything else row by row. */
export function toExecutions(statements: readonly BatchStatement[]): Execution[] {
  const executions: Execution[] = [];
  for (const [statement, { sql, rows }] of statements.entries()) {
    const { numColumns, forRows } = shapeOf(sql);
    let start = 0;
    for (const size of CHUNK_SIZES) {
      const many = forRows?.get(size);
      if (size > 1 && (many === undefined || numColumns * size > MAX_PARAMETERS)) continue;
      for (; start + size <= rows.length; start += size) {
        const values = size === 1 ? rows[start]! : rows.slice(start, start + size).flat();
        executions.push({ sql: many ?? sql, values, statement });
      }
    }
  }
  return executions;
}

/** From now on a statement's rows are sent one by one. False if they were anyhow. */
export function goRowByRow(sql: string): boolean {
  const shape = shapeOf(sql);
  const wereMany = shape.forRows !== undefined;
  delete shape.forRows;
  return wereMany;
}

function shapeOf(sql: string): Shape {
  const before = shapes.get(sql);
  if (before !== undefined) return before;
  const shape = readShape(sql);
  if (shapes.size >= MAX_KNOWN) shapes.clear();
  shapes.set(sql, shape);
  return shape;
}

function readShape(sql: string): Shape {
  const [, head, tuple = "", tail] = PLAIN_INSERT.exec(sql) ?? [];
  const placeholders = tuple.split(",").map((placeholder) => placeholder.trim());
  const numColumns = placeholders.length;
  if (head === undefined || placeholders.some((placeholder, index) => placeholder !== `$${index + 1}`)) {
    return { numColumns };
  }
  const forRows = new Map<number, string>(
    CHUNK_SIZES.map((size) => [size, `${head}${tuples(size, numColumns)}${tail}`]),
  );
  return { numColumns, forRows };
}

function tuples(numRows: number, numColumns: number): string {
  return Array.from({ length: numRows }, (_, row) => {
    const numbers = Array.from({ length: numColumns }, (_, column) => `$${row * numColumns + column + 1}`);
    return `(${numbers.join(",")})`;
  }).join(",");
}
