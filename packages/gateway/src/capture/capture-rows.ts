// Captures as rows and back.
import type { BatchStatement, SqlValue } from "@homegrown/storage";
import type { Rights } from "@homegrown/contracts";
import type { Dialect } from "../core/dialect.ts";
import { toStorable } from "../stored-responses/write-behind.ts";
import type { MaskedContent } from "./masked-content.ts";
import type { CaptureTables } from "./tables.ts";

/** What is known of a request besides its content. */
export interface CaptureHead {
  /** The id of its row in the ledger. */
  id: string;
  requestId: string;
  at: Date;
  keyId: string;
  team: string | undefined;
  alias: string;
  dialect: Dialect;
  target: string;
  version: string | undefined;
  /** Answered by a model of this organisation. */
  own: boolean;
  right: Rights;
  /** Who lifted what the target's terms allow, and why. */
  override: { by: string; reason: string } | undefined;
  /** The id of the request whose copy this is. */
  mirrorOf: string | undefined;
}

/** As it is read. */
export interface Capture extends CaptureHead {
  /** How many values of which kind were masked. */
  masked: Readonly<Record<string, number>>;
  /** JSON, masked: the body as the client sent it. */
  request: string;
  /** JSON, masked: the whole answer in its dialect. */
  answer: string;
}

export interface NewCapture {
  head: CaptureHead;
  content: MaskedContent;
  /** Digests. */
  subjects: readonly string[];
}

const COLUMNS = [
  "id",
  "request_id",
  "at",
  "key_id",
  "team",
  "alias",
  "dialect",
  "target",
  "version",
  "own",
  "right",
  "override_by",
  "override_reason",
  "mirror_of",
  "answer_id",
  "masked",
  "request",
  "answer",
] as const satisfies readonly (keyof CaptureTables["captures"])[];

const INSERT = `insert into captures (${COLUMNS.map((name) => `"${name}"`).join(", ")})
  values (${COLUMNS.map((_, index) => `$${index + 1}`).join(", ")}) on conflict (id) do nothing`;
const ADD_SUBJECT = `insert into capture_subjects (subject, entry_id) values ($1, $2)
  on conflict (subject, entry_id) do nothing`;

export function toStatements(captures: readonly NewCapture[]): BatchStatement[] {
  return [
    { sql: INSERT, rows: captures.map(toRow) },
    toSubjectStatement(captures.map(({ head, subjects }) => ({ entryId: head.id, subjects }))),
  ];
}

export function toSubjectStatement(
  entries: readonly { entryId: string; subjects: readonly string[] }[],
): BatchStatement {
  const rows = entries.flatMap(({ entryId, subjects }) => subjects.map((subject) => [subject, entryId]));
  return { sql: ADD_SUBJECT, rows };
}

function toRow({ head, content }: NewCapture): SqlValue[] {
  return [
    head.id,
    toStorable(head.requestId),
    head.at.getTime(),
    head.keyId,
    orNull(head.team),
    toStorable(head.alias),
    head.dialect,
    head.target,
    orNull(head.version),
    head.own,
    head.right,
    orNull(head.override?.by),
    orNull(head.override?.reason),
    orNull(head.mirrorOf),
    orNull(content.answerId),
    content.masked,
    content.request,
    content.answer,
  ];
}

export function fromRow(row: CaptureTables["captures"]): Capture {
  const { override_by: by, override_reason: reason } = row;
  return {
    id: row.id,
    requestId: row.request_id,
    at: new Date(row.at),
    keyId: row.key_id,
    team: row.team ?? undefined,
    alias: row.alias,
    dialect: row.dialect as Dialect,
    target: row.target,
    version: row.version ?? undefined,
    own: row.own === 1,
    right: row.right as Rights,
    override: by === null || reason === null ? undefined : { by, reason },
    mirrorOf: row.mirror_of ?? undefined,
    masked: JSON.parse(row.masked) as Record<string, number>,
    request: row.request,
    answer: row.answer,
  };
}

/** Roughly bytes. */
export function sizeOfCapture({ content }: NewCapture): number {
  return content.request.length + content.answer.length;
}

function orNull(text: string | undefined): string | null {
  return text === undefined ? null : toStorable(text);
}
