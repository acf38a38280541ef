// All keys in memory: who calls is known without a question to the store. Another process (the command line)
// may make, change or revoke keys at any time; each change has a number, and twice a second those with higher
// numbers than the last are read.
//
// Nothing is cached by a key's text. A digest costs about a microsecond; a table of presented texts would save
// half of it and hold secrets in memory for whoever reads a heap dump.
import { timingSafeEqual } from "node:crypto";
import type { Endpoint } from "../core/dialect.ts";
import type { Key } from "../core/key.ts";
import { SYSTEM_CLOCK } from "../state/clock.ts";
import type { Clock } from "../state/clock.ts";
import { readRevision } from "../state/revisions.ts";
import type { StateDatabase } from "../state/tables.ts";
import { compileAliasPatterns } from "./alias-patterns.ts";
import type { AliasMatcher } from "./alias-patterns.ts";
import {
  aliasForbiddenError,
  endpointForbiddenError,
  keyExpiredError,
  keyInvalidError,
  keyMissingError,
  keyRevokedError,
} from "./key-errors.ts";
import { toKey } from "./key-rows.ts";
import { digestKeyText, idOfKeyText } from "./key-text.ts";

export interface KeyRingOptions {
  clock?: Clock;
  /** How often changes of other processes are looked for; default 500 ms, 0 never. */
  pollMs?: number;
  /** Told when changes could not be read; what is known goes on being used. */
  onError?: (error: unknown) => void;
}

interface Secret {
  digest: Buffer;
  endsAtMs: number | undefined;
}

interface Entry {
  key: Key;
  secrets: readonly Secret[];
}

/** Compared with when there is no such key, so that the answer takes as long. */
const NO_SECRETS: readonly Secret[] = [{ digest: Buffer.alloc(32), endsAtMs: 0 }];
/** Replaced secrets are remembered for so long, to say `key-revoked` instead of `key-invalid`. */
const REMEMBERED_MS = 30 * 24 * 60 * 60 * 1000;

export class KeyRing {
  #database: StateDatabase;
  #clock: Clock;
  #entries = new Map<string, Entry>();
  #scopes = new WeakMap<Key, { endpoints: ReadonlySet<Endpoint> | undefined; aliases: AliasMatcher }>();
  #listeners = new Set<(keyId: string) => void>();
  #revision = -1;
  #timer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> | undefined;

  /** Reads all keys. `database` is not closed with the ring. */
  static async open(database: StateDatabase, options: KeyRingOptions = {}): Promise<KeyRing> {
    const ring = new KeyRing(database, options);
    await ring.refresh();
    return ring;
  }

  private constructor(database: StateDatabase, options: KeyRingOptions) {
    this.#database = database;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    const { pollMs = 500, onError = () => {} } = options;
    if (pollMs > 0) this.#timer = setInterval(() => void this.refresh().catch(onError), pollMs).unref();
  }

  /** False until the first key was made; revoked ones count, so that revoking the last opens nothing. */
  get hasKeys(): boolean {
    return this.#entries.size > 0;
  }

  /**
   * Whose key `presented` is. Errors (kind `unauthenticated`): `gateway/key-missing`, `gateway/key-invalid`,
   * `gateway/key-expired`, `gateway/key-revoked`.
   */
  authenticate(presented: string | undefined): Key {
    if (presented === undefined || presented === "") throw keyMissingError();
    const id = idOfKeyText(presented);
    if (id === undefined) throw keyInvalidError();
    const digest = digestKeyText(presented);
    const entry = this.#entries.get(id);
    let found: Secret | undefined;
    for (const secret of entry?.secrets ?? NO_SECRETS) {
      if (timingSafeEqual(secret.digest, digest)) found = secret;
    }
    if (entry === undefined || found === undefined) throw keyInvalidError();
    const { key } = entry;
    if (key.revokedAt !== undefined) throw keyRevokedError(id, "revoked");
    const nowMs = this.#clock.wallMs();
    if (found.endsAtMs !== undefined && found.endsAtMs <= nowMs) throw keyRevokedError(id, "replaced");
    if (key.expiresAt !== undefined && key.expiresAt.getTime() <= nowMs) {
      throw keyExpiredError(id, key.expiresAt);
    }
    return key;
  }

  /** Throws `gateway/endpoint-forbidden` or `gateway/alias-forbidden` (kind `forbidden`). */
  permits(key: Key, endpoint: Endpoint, alias?: string): void {
    let scope = this.#scopes.get(key);
    if (scope === undefined) {
      const endpoints = key.endpoints === undefined ? undefined : new Set(key.endpoints);
      scope = { endpoints, aliases: compileAliasPatterns(key.aliases) };
      this.#scopes.set(key, scope);
    }
    if (scope.endpoints?.has(endpoint) === false) throw endpointForbiddenError(key, endpoint);
    if (alias !== undefined && !scope.aliases(alias)) throw aliasForbiddenError(key, alias);
  }

  /** For lists: whether `permits` would let this alias pass. */
  seesAlias(key: Key, alias: string): boolean {
    try {
      this.permits(key, "models", alias);
      return true;
    } catch {
      return false;
    }
  }

  /** Undefined for ids that no key has. */
  find(id: string): Key | undefined {
    return this.#entries.get(id)?.key;
  }

  /** Called once for each key that is revoked from now on, so that what runs for it can be ended. */
  onRevoked(listener: (keyId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads what has changed. Called on a timer; call it to see a change of this process at once. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #refresh(): Promise<void> {
    const revision = await readRevision(this.#database, "keys");
    if (revision === this.#revision) return;
    const rows = await this.#database.queries
      .selectFrom("gateway_keys")
      .selectAll()
      .where("revision", ">", this.#revision)
      .execute();
    const secrets = await this.#readSecrets();
    for (const row of rows) {
      const key = toKey(row);
      const wasRevoked = this.#entries.get(row.id)?.key.revokedAt;
      this.#entries.set(row.id, { key, secrets: secrets.get(row.id) ?? NO_SECRETS });
      if (key.revokedAt !== undefined && wasRevoked === undefined) this.#tell(row.id);
      // A row may be newer than the counter that was read before it; the next look reads it again.
    }
    this.#revision = revision;
  }

  async #readSecrets(): Promise<Map<string, Secret[]>> {
    const rows = await this.#database.queries
      .selectFrom("gateway_key_secrets as secret")
      .innerJoin("gateway_keys as key", "key.id", "secret.key_id")
      .select(["secret.key_id", "secret.sha256", "secret.ends_at"])
      .where("key.revision", ">", this.#revision)
      .where(({ eb, or }) =>
        or([
          eb("secret.ends_at", "is", null),
          eb("secret.ends_at", ">", Math.round(this.#clock.wallMs() - REMEMBERED_MS)),
        ]),
      )
      .orderBy("secret.created_at", "desc")
      .execute();
    const secrets = new Map<string, Secret[]>();
    for (const { key_id: id, sha256, ends_at: endsAtMs } of rows) {
      const known = secrets.get(id) ?? [];
      known.push({ digest: Buffer.from(sha256, "hex"), endsAtMs: endsAtMs ?? undefined });
      secrets.set(id, known);
    }
    return secrets;
  }

  #tell(keyId: string): void {
    for (const listener of this.#listeners) listener(keyId);
  }
}
