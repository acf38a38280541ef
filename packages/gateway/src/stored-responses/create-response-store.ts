import { HomegrownError } from "@homegrown/contracts";
import { sql } from "@homegrown/storage";
import type { BatchStatement } from "@homegrown/storage";
import type { ResponseStore, StoredResponse } from "./response-store.ts";
import type { StoredResponseTables } from "./tables.ts";
import { WriteBehind, sizeOf, toStorable } from "./write-behind.ts";
import type { StoredResponseDatabase } from "./write-behind.ts";

export interface ResponseStoreOptions {
  /** Opened with `STORED_RESPONSE_MIGRATIONS`. */
  database: StoredResponseDatabase;
  /** Default 30, as OpenAI keeps them. */
  retentionDays?: number;
  /** Default 8 Mi. */
  maxInputChars?: number;
  /** Most turns of one conversation, default 500, and characters of JSON in them, default 32 Mi. */
  maxTurns?: number;
  maxConversationChars?: number;
  /** Told why writing failed; it is tried again. */
  onFault?(error: unknown): void;
  /** Unix time in milliseconds. */
  now?(): number;
}

interface Turn {
  id: string;
  previous_id: string | null;
  size: number;
}

const DAY_MS = 86_400_000;
const EXPIRE_EVERY_MS = 3_600_000;
const EXPIRED_AT_ONCE = 500;
/** What every id looks like; nothing else is looked for. */
const ID = /^[\w.-]{1,128}$/;
const DELETE_ONE = `delete from stored_responses where key_id = $1 and id = $2`;
const DELETE_EXPIRED = `${DELETE_ONE} and expires_at <= $3`;
const DELETE_OF_KEY = `delete from stored_responses where key_id = $1`;
const DELETE_OF_USER = `delete from stored_responses where user_label = $1 or safety_identifier = $1`;

/** Its timer deletes what expired once an hour; it does not keep the process alive. */
export function createResponseStore(options: ResponseStoreOptions): ResponseStore {
  return new DatabaseResponseStore(options);
}

class DatabaseResponseStore implements ResponseStore {
  readonly maxInputChars: number;
  readonly #database: StoredResponseDatabase;
  readonly #waiting: WriteBehind;
  readonly #maxTurns: number;
  readonly #maxConversationChars: number;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;

  constructor(options: ResponseStoreOptions) {
    const { database, retentionDays = 30, onFault = () => {}, now = Date.now } = options;
    this.#database = database;
    this.#waiting = new WriteBehind(database, retentionDays * DAY_MS, onFault);
    this.maxInputChars = options.maxInputChars ?? 8 * 1024 * 1024;
    this.#maxTurns = options.maxTurns ?? 500;
    this.#maxConversationChars = options.maxConversationChars ?? 32 * 1024 * 1024;
    this.#now = now;
    this.#timer = setInterval(() => void this.expire().catch(onFault), EXPIRE_EVERY_MS);
    this.#timer.unref();
  }

  get accepting(): boolean {
    return this.#waiting.accepting;
  }

  save(response: StoredResponse, itemIds: readonly string[]): void {
    this.#waiting.add(response, itemIds, this.#now());
  }

  async get(keyId: string, id: string): Promise<StoredResponse | undefined> {
    if (!ID.test(id)) return undefined;
    return this.#waiting.get(keyId, id) ?? (await this.#load(keyId, [id])).get(id);
  }

  async chain(keyId: string, id: string): Promise<readonly StoredResponse[] | undefined> {
    if (!ID.test(id)) return undefined;
    const newestFirst: StoredResponse[] = [];
    let next: string | undefined = id;
    for (
      ;
      next !== undefined && newestFirst.length <= this.#maxTurns;
      next = newestFirst.at(-1)!.previousId
    ) {
      const turn = this.#waiting.get(keyId, next);
      if (turn === undefined) break;
      newestFirst.push(turn);
    }
    let chars = newestFirst.reduce((sum, turn) => sum + sizeOf(turn), 0);
    let written: readonly Turn[] = [];
    if (next !== undefined) {
      const left = this.#maxTurns - newestFirst.length;
      written = left < 0 ? [] : await this.#ancestry(keyId, next, left);
      if (left >= 0 && written.length <= left && written.at(-1)?.previous_id !== null) return undefined;
      for (const { size } of written) chars += size;
    }
    if (newestFirst.length + written.length > this.#maxTurns || chars > this.#maxConversationChars) {
      throw tooLong(this.#maxTurns, this.#maxConversationChars);
    }
    if (written.length > 0) {
      const ids = written.map((turn) => turn.id);
      const loaded = await this.#load(keyId, ids);
      for (const turn of ids) {
        const response = loaded.get(turn);
        // Deleted between the two queries.
        if (response === undefined) return undefined;
        newestFirst.push(response);
      }
    }
    return newestFirst.toReversed();
  }

  async findItem(keyId: string, itemId: string): Promise<StoredResponse | undefined> {
    if (!ID.test(itemId)) return undefined;
    const waiting = this.#waiting.findItem(keyId, itemId);
    if (waiting !== undefined) return waiting;
    const row = await this.#database.queries
      .selectFrom("stored_response_items")
      .select("response_id")
      .where("key_id", "=", keyId)
      .where("item_id", "=", itemId)
      .limit(1)
      .executeTakeFirst();
    return row && this.get(keyId, row.response_id);
  }

  async delete(keyId: string, id: string): Promise<boolean> {
    const known = (await this.get(keyId, id)) !== undefined;
    if (!known) return false;
    await this.#waiting.drop((response) => response.keyId === keyId && response.id === id);
    await this.#run({ sql: DELETE_ONE, rows: [[keyId, id]] });
    return true;
  }

  async deleteByKey(keyId: string): Promise<number> {
    const dropped = await this.#waiting.drop((response) => response.keyId === keyId);
    return dropped + (await this.#run({ sql: DELETE_OF_KEY, rows: [[keyId]] }));
  }

  async deleteByUser(label: string): Promise<number> {
    const dropped = await this.#waiting.drop(
      ({ userLabel, safetyIdentifier }) => userLabel === label || safetyIdentifier === label,
    );
    return dropped + (await this.#run({ sql: DELETE_OF_USER, rows: [[toStorable(label)]] }));
  }

  async expire(): Promise<number> {
    let numExpired = 0;
    for (;;) {
      const now = this.#now();
      const rows = await this.#database.queries
        .selectFrom("stored_responses")
        .select(["key_id", "id"])
        .where("expires_at", "<=", now)
        .limit(EXPIRED_AT_ONCE)
        .execute();
      if (rows.length === 0) return numExpired;
      numExpired += await this.#run({
        sql: DELETE_EXPIRED,
        rows: rows.map((row) => [row.key_id, row.id, now]),
      });
    }
  }

  flush(): Promise<void> {
    return this.#waiting.flush();
  }

  close(): Promise<void> {
    clearInterval(this.#timer);
    return this.#waiting.close();
  }

  async #run(statement: BatchStatement): Promise<number> {
    const [result] = await this.#database.batch([statement]);
    return result?.changes ?? 0;
  }

  async #load(keyId: string, ids: readonly string[]): Promise<Map<string, StoredResponse>> {
    const rows = await this.#database.queries
      .selectFrom("stored_responses")
      .selectAll()
      .where("key_id", "=", keyId)
      .where("id", "in", ids)
      .where("expires_at", ">", this.#now())
      .execute();
    return new Map(rows.map((row) => [row.id, fromRow(row)]));
  }

  /** Newest first, at most one more than asked for; only what is needed to judge it before it is loaded. */
  async #ancestry(keyId: string, id: string, maxTurns: number): Promise<Turn[]> {
    const now = this.#now();
    const { rows } = await sql<Turn>`
      with recursive turns (id, previous_id, size, depth) as (
        select id, previous_id, size, 1 from stored_responses
          where key_id = ${keyId} and id = ${id} and expires_at > ${now}
        union all
        select r.id, r.previous_id, r.size, t.depth + 1 from stored_responses r
          join turns t on r.id = t.previous_id
          where r.key_id = ${keyId} and r.expires_at > ${now} and t.depth <= ${maxTurns}
      ) select id, previous_id, size from turns order by depth`.execute(this.#database.queries);
    return rows;
  }
}

function fromRow(row: StoredResponseTables["stored_responses"]): StoredResponse {
  return {
    id: row.id,
    keyId: row.key_id,
    previousId: row.previous_id ?? undefined,
    conversation: row.conversation ?? undefined,
    userLabel: row.user_label ?? undefined,
    safetyIdentifier: row.safety_identifier ?? undefined,
    input: row.input,
    response: row.response,
  };
}

function tooLong(maxTurns: number, maxChars: number): HomegrownError {
  return new HomegrownError({
    code: "gateway/conversation-too-long",
    kind: "too-large",
    message: `The conversation behind 'previous_response_id' has more than ${maxTurns} turns or ${maxChars} characters.`,
    hint: "Begin a new conversation with a summary of this one.",
    details: { param: "previous_response_id", fault: "value" },
  });
}
