// What people do with keys. Each change is one transaction: the row, who did it and why, and the number by which
// running gateways notice it.
import type { Transaction } from "@homegrown/storage";
import type { Key } from "../core/key.ts";
import { nextRevision } from "../state/revisions.ts";
import type { GatewayTables, StateDatabase } from "../state/tables.ts";
import { unknownKeyError } from "./key-errors.ts";
import { toKey } from "./key-rows.ts";
import { toKeyColumns } from "./key-settings.ts";
import type { KeySettings } from "./key-settings.ts";
import { digestKeyText, newKeyId, newKeyText } from "./key-text.ts";

/** Who does it, as people would name them, and why; both are kept. */
export interface KeyChange {
  actor: string;
  reason: string;
}

export interface ShownKey {
  key: Key;
  /** The key itself. It is nowhere else: show it now, or never. */
  text: string;
}

export interface KeyAuditEntry {
  keyId: string;
  action: "create" | "rotate" | "update" | "revoke";
  actor: string;
  reason: string;
  change: unknown;
  at: Date;
}

export async function createKey(
  database: StateDatabase,
  settings: KeySettings & { name: string },
  change: KeyChange,
): Promise<ShownKey> {
  const columns = toKeyColumns(settings);
  return database.transaction(async (tx) => {
    const id = await unusedId(tx);
    const text = newKeyText(id);
    const now = Date.now();
    const revision = await nextRevision(tx, "keys");
    const row = await tx
      .insertInto("gateway_keys")
      .values({
        id,
        name: settings.name,
        team: null,
        tags: "[]",
        aliases: null,
        endpoints: null,
        requests_per_minute: null,
        tokens_per_minute: null,
        concurrent_streams: null,
        rights: "metrics",
        may_store_responses: 1,
        expires_at: null,
        ...columns,
        created_at: now,
        revoked_at: null,
        revision,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    await addSecret(tx, id, text, now);
    await audit(tx, id, "create", change, settings, now);
    return { key: toKey(row), text };
  });
}

/**
 * A new secret for the same key: id, scope, limits and what its budgets have spent stay. The old secret works
 * for `overlapMs` more; an even older one, whose overlap had not ended, keeps its own end.
 */
export async function rotateKey(
  database: StateDatabase,
  id: string,
  overlapMs: number,
  change: KeyChange,
): Promise<ShownKey> {
  return database.transaction(async (tx) => {
    const revision = await nextRevision(tx, "keys");
    const row = await tx
      .updateTable("gateway_keys")
      .set({ revision })
      .where("id", "=", id)
      .where("revoked_at", "is", null)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw unknownKeyError(id);
    const now = Date.now();
    const endsAt = now + Math.max(0, Math.round(overlapMs));
    await tx
      .updateTable("gateway_key_secrets")
      .set({ ends_at: endsAt })
      .where("key_id", "=", id)
      .where(({ eb, or }) => or([eb("ends_at", "is", null), eb("ends_at", ">", endsAt)]))
      .execute();
    const text = newKeyText(id);
    await addSecret(tx, id, text, now);
    await audit(tx, id, "rotate", change, { overlapMs: endsAt - now }, now);
    return { key: toKey(row), text };
  });
}

/** For ever. Running gateways notice within half a second and end what runs for the key. */
export async function revokeKey(database: StateDatabase, id: string, change: KeyChange): Promise<Key> {
  return database.transaction(async (tx) => {
    const now = Date.now();
    const before = await tx.selectFrom("gateway_keys").selectAll().where("id", "=", id).executeTakeFirst();
    if (before === undefined) throw unknownKeyError(id);
    if (before.revoked_at !== null) return toKey(before);
    const row = await tx
      .updateTable("gateway_keys")
      .set({ revoked_at: now, revision: await nextRevision(tx, "keys") })
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await audit(tx, id, "revoke", change, {}, now);
    return toKey(row);
  });
}

/** Changes what is given and leaves the rest; `limits` are replaced whole. */
export async function updateKey(
  database: StateDatabase,
  id: string,
  settings: KeySettings,
  change: KeyChange,
): Promise<Key> {
  const columns = toKeyColumns(settings);
  return database.transaction(async (tx) => {
    const row = await tx
      .updateTable("gateway_keys")
      .set({ ...columns, revision: await nextRevision(tx, "keys") })
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw unknownKeyError(id);
    await audit(tx, id, "update", change, settings, Date.now());
    return toKey(row);
  });
}

/** Oldest first, revoked ones too. */
export async function listKeys(database: StateDatabase): Promise<Key[]> {
  const rows = await database.queries
    .selectFrom("gateway_keys")
    .selectAll()
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map(toKey);
}

/** Newest first. */
export async function readKeyAudit(
  database: StateDatabase,
  options: { keyId?: string; limit?: number } = {},
): Promise<KeyAuditEntry[]> {
  let query = database.queries.selectFrom("gateway_key_audit").selectAll().orderBy("id", "desc");
  if (options.keyId !== undefined) query = query.where("key_id", "=", options.keyId);
  const rows = await query.limit(options.limit ?? 100).execute();
  return rows.map(({ key_id: keyId, action, actor, reason, change, at }) => {
    return { keyId, action, actor, reason, change: JSON.parse(change) as unknown, at: new Date(at) };
  });
}

async function unusedId(tx: Transaction<GatewayTables>): Promise<string> {
  for (;;) {
    const id = newKeyId();
    const taken = await tx.selectFrom("gateway_keys").select("id").where("id", "=", id).executeTakeFirst();
    if (taken === undefined) return id;
  }
}

async function addSecret(
  tx: Transaction<GatewayTables>,
  id: string,
  text: string,
  now: number,
): Promise<void> {
  await tx
    .insertInto("gateway_key_secrets")
    .values({ key_id: id, sha256: digestKeyText(text).toString("hex"), created_at: now, ends_at: null })
    .execute();
}

async function audit(
  tx: Transaction<GatewayTables>,
  id: string,
  action: KeyAuditEntry["action"],
  { actor, reason }: KeyChange,
  change: unknown,
  at: number,
): Promise<void> {
  await tx
    .insertInto("gateway_key_audit")
    .values({ key_id: id, action, actor, reason, change: JSON.stringify(change), at })
    .execute();
}
