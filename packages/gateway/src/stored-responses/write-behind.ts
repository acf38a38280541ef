// Written behind, read through what still waits: a response can be used by the next request of this process at
// once and is on disk moments later. A kill in between loses it, and it is then as unknown as an expired one.
import { HomegrownError } from "@homegrown/contracts";
import type { BatchStatement, Database } from "@homegrown/storage";
import type { StoredResponse, StoredResponseOwner } from "./response-store.ts";
import type { StoredResponseTables } from "./tables.ts";

export type StoredResponseDatabase = Pick<Database<StoredResponseTables>, "queries" | "batch">;

interface Pending {
  response: StoredResponse;
  itemIds: readonly string[];
  createdAt: number;
}

const MAX_WAITING_CHARS = 64 * 1024 * 1024;
const MAX_GROUP = 100;
const RETRY_MS = 1000;

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
  readonly #database: StoredResponseDatabase;
  readonly #retentionMs: number;
  readonly #onFault: (error: unknown) => void;
  /** By key and id; an entry leaves once it is written. */
  readonly #pending = new Map<string, Pending>();
  #waitingChars = 0;
  #inFlight = new Set<Pending>();
  #writing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #fault: unknown;

  constructor(database: StoredResponseDatabase, retentionMs: number, onFault: (error: unknown) => void) {
    this.#database = database;
    this.#retentionMs = retentionMs;
    this.#onFault = onFault;
  }

  get accepting(): boolean {
    return this.#waitingChars < MAX_WAITING_CHARS;
  }

  add(response: StoredResponse, itemIds: readonly string[], createdAt: number): void {
    const place = placeOf(response.keyId, response.id);
    this.#forget(place);
    this.#pending.set(place, { response, itemIds, createdAt });
    this.#waitingChars += sizeOf(response);
    if (this.#retry === undefined) this.#writing ??= this.#write();
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

  /**
   * Forgets what waits and matches; resolves to how many will never be written. What is being written is waited
   * for, so that the database can delete (and count) it.
   */
  async drop(matches: (response: StoredResponseOwner) => boolean): Promise<number> {
    let numDropped = 0;
    let waits = false;
    for (const [place, pending] of this.#pending) {
      if (!matches(pending.response)) continue;
      this.#forget(place);
      if (this.#inFlight.has(pending)) waits = true;
      else numDropped++;
    }
    // An earlier answer under the same id may be on its way although it no longer waits.
    for (const { response } of this.#inFlight) waits ||= matches(response);
    if (waits) await this.#writing;
    return numDropped;
  }

  async flush(): Promise<void> {
    while (this.#pending.size > 0) {
      clearTimeout(this.#retry);
      this.#retry = undefined;
      this.#writing ??= this.#write();
      await this.#writing;
      if (this.#retry !== undefined) throw this.#fault;
    }
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      clearTimeout(this.#retry);
    }
  }

  /** Writes what waits, and what comes meanwhile; on failure it stops and tries again later. */
  async #write(): Promise<void> {
    // What is saved in one turn of the event loop goes together.
    await Promise.resolve();
    try {
      while (this.#pending.size > 0) {
        const group = [...this.#pending.entries()].slice(0, MAX_GROUP);
        if (await this.#commit(group)) continue;
        for (const one of group) await this.#commit([one]);
      }
    } catch (error) {
      this.#fault = error;
      this.#onFault(error);
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        this.#writing ??= this.#write();
      }, RETRY_MS);
      this.#retry.unref();
    } finally {
      this.#inFlight = new Set();
      this.#writing = undefined;
    }
  }

  /**
   * False where something in the group cannot be written: then each is to be tried alone, and one that is at
   * fault itself is given up, so that it does not stand in the way of the others for ever.
   */
  async #commit(group: readonly [place: string, pending: Pending][]): Promise<boolean> {
    const wanted = group.filter(([place, pending]) => this.#pending.get(place) === pending);
    if (wanted.length === 0) return true;
    this.#inFlight = new Set(wanted.map(([, pending]) => pending));
    try {
      await this.#database.batch(this.#statementsOf([...this.#inFlight]));
    } catch (error) {
      if (!isOfTheContent(error)) throw error;
      if (group.length > 1) return false;
      this.#onFault(error);
    }
    for (const [place, pending] of wanted) {
      if (this.#pending.get(place) === pending) this.#forget(place);
    }
    return true;
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

  #forget(place: string): void {
    const pending = this.#pending.get(place);
    if (pending === undefined) return;
    this.#waitingChars -= sizeOf(pending.response);
    this.#pending.delete(place);
  }
}

/** Not of the store's state: trying again would fail again. */
function isOfTheContent(error: unknown): boolean {
  return error instanceof HomegrownError && error.kind !== "unavailable" && error.kind !== "overloaded";
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
