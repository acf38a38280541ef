// Taking captures away again, with everything that belongs to the same request: what was said of it, and the digests
// of whom it was about. Counts are of rows.
import { sql } from "@homegrown/storage";
import type { RawBuilder } from "@homegrown/storage";
import { digestOfSubject } from "./subjects.ts";
import type { CaptureDatabase } from "./tables.ts";

/** Exactly one: an end user as the application named it, a key's id, or a request's id. */
export type CaptureSelection = { subject: string } | { keyId: string } | { requestId: string };

export interface DeletedCaptures {
  captures: number;
  feedback: number;
}

type EntryIds = RawBuilder<{ id: string }>;

const DAY_MS = 86_400_000;
/** So many requests go in one transaction, so that whoever writes need not wait for long. */
const AT_ONCE = 500;

/** What a running gateway has not written yet is not here; its `CaptureStore.delete` knows both. */
export function deleteCaptures(
  database: CaptureDatabase,
  selection: CaptureSelection,
): Promise<DeletedCaptures> {
  return deleteAll(database, entriesOf(selection));
}

/** Everything past its retention; 0 days keep for ever. */
export async function expireCaptures(
  database: CaptureDatabase,
  retentionDays: number,
  now: number = Date.now(),
): Promise<DeletedCaptures> {
  if (retentionDays === 0) return { captures: 0, feedback: 0 };
  const before = now - retentionDays * DAY_MS;
  const old = await deleteAll(
    database,
    sql`select id from captures where at < ${before} order by at limit ${sql.lit(AT_ONCE)}`,
  );
  // Of requests that were not captured nothing but the first word about them tells the age.
  const said = await deleteAll(
    database,
    sql`select distinct entry_id as id from feedback where at < ${before}
      and not exists (select 1 from captures where captures.id = feedback.entry_id)
      limit ${sql.lit(AT_ONCE)}`,
  );
  return { captures: old.captures + said.captures, feedback: old.feedback + said.feedback };
}

function entriesOf(selection: CaptureSelection): EntryIds {
  const most = sql.lit(AT_ONCE);
  if ("subject" in selection) {
    const subject = digestOfSubject(selection.subject);
    return sql`select entry_id as id from capture_subjects where subject = ${subject} limit ${most}`;
  }
  if ("keyId" in selection) {
    const { keyId } = selection;
    return sql`select id from captures where key_id = ${keyId}
      union select entry_id as id from feedback where entry_key_id = ${keyId} limit ${most}`;
  }
  const { requestId } = selection;
  return sql`select id from captures where request_id = ${requestId}
    union select entry_id as id from feedback where request_id = ${requestId} limit ${most}`;
}

/** Each round deletes what the query finds, so that the next finds what is left. */
async function deleteAll(database: CaptureDatabase, entries: EntryIds): Promise<DeletedCaptures> {
  const deleted = { captures: 0, feedback: 0 };
  for (;;) {
    const found = await entries.execute(database.queries);
    if (found.rows.length === 0) return deleted;
    const rows = found.rows.map(({ id }) => [id]);
    const [captures, feedback] = await database.batch([
      { sql: "delete from captures where id = $1", rows },
      { sql: "delete from feedback where entry_id = $1", rows },
      { sql: "delete from capture_subjects where entry_id = $1", rows },
    ]);
    deleted.captures += captures!.changes;
    deleted.feedback += feedback!.changes;
  }
}
