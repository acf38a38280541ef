// What becomes of each field of a request that is not passed through but asked through a port. One table an
// endpoint, so that the answer to "what do you do with X?" stands in one place; the documentation is made
// from these tables.
import { invalidRequest } from "./invalid-request.ts";

export type FieldFate =
  /** The port has a place for it. */
  | "expressed"
  /** The gateway itself uses it (routing, records); no model needs to see it. */
  | "used"
  /** Left out, and named to the client in a header: the question stays the same without it. */
  | "dropped"
  /** Changes what is asked, so leaving it out would answer another question: an error. */
  | "refused";

export interface FieldRule {
  fate: FieldFate;
  /** Where it goes, or why it cannot: a phrase for the documentation. */
  note: string;
  /** Values of a dropped or refused field that ask for nothing. */
  harmless?: (value: unknown) => boolean;
  /** What the client can do instead. */
  instead?: string;
}

export type FieldTable = Readonly<Record<string, FieldRule>>;

const MAX_NAMED_DROPS = 20;

/**
 * The names of the body's fields that no port sees, unknown ones included, safe in a header. Throws
 * `gateway/invalid-request` for a field that is refused.
 */
export function sortOutFields(table: FieldTable, body: object): string[] {
  const dropped: string[] = [];
  for (const [field, value] of Object.entries(body)) {
    if (value === undefined || value === null) continue;
    const rule = Object.hasOwn(table, field) ? table[field] : undefined;
    if (rule?.fate === "expressed" || rule?.fate === "used" || rule?.harmless?.(value)) continue;
    if (rule?.fate === "refused") throw refused(field, rule);
    if (dropped.length < MAX_NAMED_DROPS) dropped.push(toHeaderSafe(field));
  }
  return dropped;
}

function refused(field: string, { note, instead }: FieldRule): Error {
  return invalidRequest(
    field,
    "unsupported",
    `The parameter '${field}' is not supported by the models behind this name: ${note}.`,
    instead ?? `Leave '${field}' out.`,
  );
}

function toHeaderSafe(field: string): string {
  return /^[\w.-]{1,64}$/.test(field) ? field : "(a field with an unusual name)";
}

export const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
export const isOneOf =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);
