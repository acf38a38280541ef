// Stored Responses have tables of their own: they are a service to the client that asked for it, with its own
// retention, and never what the organisation captures.
import { sql } from "@homegrown/storage";
import type { MigrationSet } from "@homegrown/storage";

export interface StoredResponseTables {
  stored_responses: {
    /** The key that made it. Ids come from providers too, so they are unique for one key only. */
    key_id: string;
    id: string;
    previous_id: string | null;
    conversation: string | null;
    /** The client's names for its end user, for deletion by subject. */
    user_label: string | null;
    safety_identifier: string | null;
    /** Unix time in milliseconds. */
    created_at: number;
    expires_at: number;
    /** Length of both JSON texts. */
    size: number;
    /** JSON: the items that this turn's request brought, as they came. */
    input: string;
    /** JSON: the whole `response` object. */
    response: string;
  };
  /** Where an item that a later request refers to by its id was said. */
  stored_response_items: { key_id: string; item_id: string; response_id: string };
}

export const STORED_RESPONSE_MIGRATIONS: MigrationSet = {
  owner: "responses",
  migrations: [
    {
      name: "create-stored-responses",
      up: async (db, { text, integer, strict }) => {
        await sql`create table stored_responses (
          key_id ${text} not null,
          id ${text} not null,
          previous_id ${text},
          conversation ${text},
          user_label ${text},
          safety_identifier ${text},
          created_at ${integer} not null,
          expires_at ${integer} not null,
          size ${integer} not null,
          input ${text} not null,
          response ${text} not null,
          primary key (key_id, id)
        ) ${strict}`.execute(db);
        await sql`create index stored_responses_expiry on stored_responses (expires_at)`.execute(db);
        await sql`create index stored_responses_user on stored_responses (user_label)`.execute(db);
        await sql`create index stored_responses_safety on stored_responses (safety_identifier)`.execute(db);
        await sql`create table stored_response_items (
          key_id ${text} not null,
          item_id ${text} not null,
          response_id ${text} not null,
          primary key (key_id, item_id, response_id),
          foreign key (key_id, response_id) references stored_responses (key_id, id) on delete cascade
        ) ${strict}`.execute(db);
        await sql`create index stored_response_items_response
          on stored_response_items (key_id, response_id)`.execute(db);
      },
    },
  ],
};
