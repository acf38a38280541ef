// Taking captures away again, with the feedback that belongs to them. Counts are of rows.
import type { BatchStatement } from "@homegrown/storage";
import { digestOfSubject } from "./subjects.ts";
import type { CaptureDatabase } from "./tables.ts";

/** Exactly one: an end user as the application named it, a key's id, or a request's id. */
export type CaptureSelection = { subject: string } | { keyId: string } | { requestId: string };

export interface DeletedCaptures {
  captures: number;
  feedback: number;
}

const DAY_MS = 86_400_000;
/** At most so many rows go in one transaction, so that whoever writes need not wait for long. */
const AT_ONCE = 500;

/** Those that wait to be written are not the database's yet: `CaptureStore.delete` knows both. */
export async function deleteCaptures(
  database: CaptureDatabase,
  selection: CaptureSelection,
): Promise<DeletedCaptures> {
  const [condition, ofFeedback, value] = toConditions(selection);
  const row = [value];
  // By way of the entry: what was said of a request goes with it, whoever said it.
  const entries = `select id from captures where ${condition}`;
  const said = `select entry_id from feedback where ${ofFeedback}`;
  const statements: BatchStatement[] = [
    { sql: `delete from feedback where ${ofFeedback} or entry_id in (${entries})`, rows: [row] },
    { sql: `delete from captures where ${condition}`, rows: [row] },
  ];
  if ("subject" in selection) {
    statements.push({ sql: `delete from capture_subjects where subject = $1`, rows: [row] });
  } else {
    const subjects = `delete from capture_subjects where entry_id in (${entries}) or entry_id in (${said})`;
    statements.unshift({ sql: subjects, rows: [row] });
  }
  const results = await database.batch(statements);
  const [feedback, captures] = "subject" in selection ? results : results.slice(1);
  return { captures: captures?.changes ?? 0, feedback: feedback?.changes ?? 0 };
}

function toConditions(selection: CaptureSelection): [captures: string, feedback: string, value: string] {
  if ("subject" in selection) {
    const entries = `(select entry_id from capture_subjects where subject = $1)`;
    return [`id in ${entries}`, `entry_id in ${entries}`, digestOfSubject(selection.subject)];
  }
  if ("keyId" in selection) return [`key_id = $1`, `entry_key_id = $1`, selection.keyId];
  return [`request_id = $1`, `request_id = $1`, selection.requestId];
}

/** Everything past its retention; 0 days keep for ever. */
export async function expireCaptures(
  database: CaptureDatabase,
  retentionDays: number,
  now: number = Date.now(),
): Promise<DeletedCaptures> {
  if (retentionDays === 0) return { captures: 0, feedback: 0 };
  return deleteCapturesBefore(database, new Date(now - retentionDays * DAY_MS));
}

/** Everything that began, or was said, before the given time. */
export async function deleteCapturesBefore(
  database: CaptureDatabase,
  before: Date,
): Promise<DeletedCaptures> {
  const deleted = { captures: 0, feedback: 0 };
  const row = [before.getTime()];
  const old = `select id from captures where at < $1 order by at, id limit ${AT_ONCE}`;
  for (;;) {
    const results = await database.batch([
      { sql: `delete from capture_subjects where entry_id in (${old})`, rows: [row] },
      { sql: `delete from feedback where entry_id in (${old})`, rows: [row] },
      { sql: `delete from captures where id in (${old})`, rows: [row] },
    ]);
    deleted.feedback += results[1]!.changes;
    deleted.captures += results[2]!.changes;
    if (results[2]!.changes < AT_ONCE) break;
  }
  // Feedback on requests that were never captured has an age of its own.
  const said = `select id from feedback where at < $1 order by at, id limit ${AT_ONCE}`;
  const ofSaid = `select entry_id from feedback where id in (${said})`;
  for (;;) {
    const results = await database.batch([
      {
        sql: `delete from capture_subjects where entry_id in (${ofSaid})
          and not exists (select 1 from captures where captures.id = capture_subjects.entry_id)`,
        rows: [row],
      },
      { sql: `delete from feedback where id in (${said})`, rows: [row] },
    ]);
    deleted.feedback += results[1]!.changes;
    if (results[1]!.changes < AT_ONCE) return deleted;
  }
}
