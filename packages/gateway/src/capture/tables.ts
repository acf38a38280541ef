// What the organisation keeps of requests to learn from, masked, and what applications said about the answers.
// Both belong to one row of the ledger by its id (`instance-number`); request ids are the clients' own and repeat.
import { sql } from "@homegrown/storage";
import type { Database, MigrationSet } from "@homegrown/storage";

export interface CaptureTables {
  captures: {
    /** The id of its row in the ledger. */
    id: string;
    request_id: string;
    /** When the request began; Unix time in milliseconds. */
    at: number;
    key_id: string;
    team: string | null;
    alias: string;
    dialect: string;
    target: string;
    version: string | null;
    /** 1: answered by a model of this organisation. */
    own: number;
    /** `evaluate` or `train`. */
    right: string;
    /** Who lifted what the target's terms allow, and why; null where nobody had to. */
    override_by: string | null;
    override_reason: string | null;
    /** The id of the request whose copy this is. */
    mirror_of: string | null;
    /** By which a later request may go on from this answer; of Responses alone. */
    answer_id: string | null;
    /** JSON object: how many values of which kind were masked. */
    masked: string;
    /** JSON: the body as the client sent it, masked. */
    request: string;
    /** JSON: the whole answer in its dialect, masked. */
    answer: string;
  };
  feedback: {
    id: string;
    /** The id of the row in the ledger that it is about. */
    entry_id: string;
    request_id: string;
    at: number;
    /** Who said it. */
    key_id: string;
    /** Whose request it was. */
    entry_key_id: string;
    entry_team: string | null;
    /** What its text may be used for: `metrics`, `evaluate` or `train`. */
    right: string;
    /** -1 to 1. */
    score: number | null;
    /** JSON object of numbers by name. */
    metrics: string | null;
    outcome: string | null;
    /** Which of several choices it is about. */
    choice: number;
    /** JSON: text, or messages; masked. */
    correction: string | null;
    /** Masked. */
    comment: string | null;
  };
  /** Whom a request was about, as digests: for deletion. */
  capture_subjects: { subject: string; entry_id: string };
}

export type CaptureDatabase = Pick<Database<CaptureTables>, "queries" | "batch" | "transaction">;

export const CAPTURE_MIGRATIONS: MigrationSet = {
  owner: "capture",
  migrations: [
    {
      name: "create-captures-feedback",
      up: async (db, { text, integer, real, strict }) => {
        const statements = [
          sql`create table captures (
            id ${text} primary key,
            request_id ${text} not null,
            at ${integer} not null,
            key_id ${text} not null,
            team ${text},
            alias ${text} not null,
            dialect ${text} not null,
            target ${text} not null,
            version ${text},
            own ${integer} not null,
            "right" ${text} not null,
            override_by ${text},
            override_reason ${text},
            mirror_of ${text},
            answer_id ${text},
            masked ${text} not null,
            request ${text} not null,
            answer ${text} not null
          ) ${strict}`,
          sql`create index captures_at on captures (at, id)`,
          sql`create index captures_key on captures (key_id)`,
          sql`create index captures_answer on captures (key_id, answer_id) where answer_id is not null`,
          sql`create index captures_request on captures (request_id)`,
          sql`create table feedback (
            id ${text} primary key,
            entry_id ${text} not null,
            request_id ${text} not null,
            at ${integer} not null,
            key_id ${text} not null,
            entry_key_id ${text} not null,
            entry_team ${text},
            "right" ${text} not null,
            score ${real},
            metrics ${text},
            outcome ${text},
            choice ${integer} not null,
            correction ${text},
            comment ${text}
          ) ${strict}`,
          sql`create index feedback_entry on feedback (entry_id)`,
          sql`create index feedback_request on feedback (request_id)`,
          sql`create index feedback_at on feedback (at)`,
          sql`create index feedback_key on feedback (entry_key_id)`,
          sql`create table capture_subjects (
            subject ${text} not null,
            entry_id ${text} not null,
            primary key (subject, entry_id)
          ) ${strict}`,
          sql`create index capture_subjects_entry on capture_subjects (entry_id)`,
          // Feedback names a request by its id; the ledger itself is read by time alone.
          sql`create index gateway_ledger_request on gateway_ledger (request_id)`,
        ];
        for (const statement of statements) await statement.execute(db);
      },
    },
  ],
};
