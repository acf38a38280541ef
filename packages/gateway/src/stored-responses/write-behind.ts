// Written behind, read through what still waits: a response can be used by the next request of this process at
// once and is on disk moments later. A kill in between loses it, and it is then as unknown as an expired one.
import type { BatchStatement, Database } from "@homegrown/storage";
import { PendingWrites } from "../state/pending-writes.ts";
import type { StoredResponse, StoredResponseOwner } from "./response-store.ts";
import type { StoredResponseTables } from "./tables.ts";

export type StoredResponseDatabase = Pick<Database<StoredResponseTables>, "queries" | "batch">;

interface Pending {
  response: StoredResponse;
  itemIds: readonly string[];
  createdAt: number;
}

const UPSERT = `insert into stored_responses (key_id, id, previous_id, conversation, user_label, safety_identifier,
    created_at, expires_at, size, input, response)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  on conflict (key_id, id) do update set previous_id = excluded.previous_id, conversation = excluded.conversation,
    user_label = excluded.user_label, safety_identifier = excluded.safety_identifier,
    created_at = excluded.created_at, expires_at = excluded.expires_at, size = excluded.size,
    input = excluded.input, response = excluded.response`;
const FORGET_ITEMS = `delete from stored_response_items where key_id = $1 and response_id = $2`;
const ADD_ITEM = `insert into stored_response_items (key_id, item_id, response_id) values ($1, $2, $3)
  on conflict (key_id, item_id, response_id) do nothing`;

export class WriteBehind {
  readonly #retentionMs: number;
  readonly #pending: PendingWrites<Pending>;

  constructor(database: StoredResponseDatabase, retentionMs: number, onFault: (error: unknown) => void) {
    this.#retentionMs = retentionMs;
    this.#pending = new PendingWrites({
      database,
      statementsOf: (group) => this.#statementsOf(group),
      sizeOf: ({ response }) => sizeOf(response),
      onFault: (error) => onFault(error),
    });
  }

  get accepting(): boolean {
    return this.#pending.accepting;
  }

  add(response: StoredResponse, itemIds: readonly string[], createdAt: number): void {
    this.#pending.add(placeOf(response.keyId, response.id), { response, itemIds, createdAt });
  }

  get(keyId: string, id: string): StoredResponse | undefined {
    return this.#pending.get(placeOf(keyId, id))?.response;
  }

  findItem(keyId: string, itemId: string): StoredResponse | undefined {
    for (const { response, itemIds } of this.#pending.values()) {
      if (response.keyId === keyId && itemIds.includes(itemId)) return response;
    }
    return undefined;
  }

  /** As `PendingWrites.drop`. */
  drop(matches: (response: StoredResponseOwner) => boolean): Promise<number> {
    return this.#pending.drop(({ response }) => matches(response));
  }

  flush(): Promise<void> {
    return this.#pending.flush();
  }

  close(): Promise<void> {
    return this.#pending.close();
  }

  #statementsOf(group: readonly Pending[]): BatchStatement[] {
    return [
      {
        sql: UPSERT,
        rows: group.map(({ response, createdAt }) => [
          response.keyId,
          response.id,
          response.previousId ?? null,
          storable(response.conversation),
          storable(response.userLabel),
          storable(response.safetyIdentifier),
          createdAt,
          createdAt + this.#retentionMs,
          sizeOf(response),
          response.input,
          response.response,
        ]),
      },
      { sql: FORGET_ITEMS, rows: group.map(({ response }) => [response.keyId, response.id]) },
      {
        sql: ADD_ITEM,
        rows: group.flatMap(({ response, itemIds }) =>
          itemIds.map((itemId) => [response.keyId, itemId, response.id]),
        ),
      },
    ];
  }
}

function storable(label: string | undefined): string | null {
  return label === undefined ? null : toStorable(label);
}

/** Names that clients chose, in characters that every engine stores. */
export function toStorable(label: string): string {
  return label.replaceAll("\0", "").toWellFormed();
}

/** Characters of JSON. */
export function sizeOf({ input, response }: StoredResponse): number {
  return input.length + response.length;
}

function placeOf(keyId: string, id: string): string {
  return `${keyId}/${id}`;
}
