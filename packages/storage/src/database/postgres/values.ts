// What Postgres sends, as SQLite gives it: numbers where they are exact, 0 and 1, text, bytes.
import { HomegrownError } from "@homegrown/contracts";
import { NUMBER_TOO_LARGE, WRONG_PARAMETERS } from "../database-errors.ts";

/** Types by their number in `pg_type`. */
const BOOL = 16;
const BYTEA = 17;
const INT8 = 20;
const INT2 = 21;
const INT4 = 23;
const OID = 26;
const FLOAT4 = 700;
const FLOAT8 = 701;
const NUMERIC = 1700;

const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [BOOL]: (text) => (text === "t" ? 1 : 0),
  [BYTEA]: toBytes,
  [INT8]: toNumber,
  [INT2]: Number,
  [INT4]: Number,
  [OID]: Number,
  [FLOAT4]: Number,
  [FLOAT8]: Number,
  // The sum of integers is numeric on Postgres and an integer on SQLite.
  [NUMERIC]: (text) => (/^-?\d+$/.test(text) ? toNumber(text) : Number(text)),
};

const asText = (text: string): unknown => text;

/** For pg's option `types`; everything is asked for as text. JSON, times and the rest stay text. */
export function getTypeParser(type: number): (text: string) => unknown {
  return PARSERS[type] ?? asText;
}

function toNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new HomegrownError({
    ...NUMBER_TOO_LARGE,
    message: "reading from the database failed: an integer in it cannot be a number",
  });
}

function toBytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.slice(2), "hex"));
}

/** A parameter as the protocol carries it. Throws `storage/wrong-parameters` for what SQLite would refuse too. */
export function toParameter(value: unknown): string | Buffer | null {
  if (typeof value === "string" || value === null) return value;
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  throw new HomegrownError({
    ...WRONG_PARAMETERS,
    message: `a value of type ${typeof value} cannot be a parameter; numbers, text, bytes and null can`,
  });
}
