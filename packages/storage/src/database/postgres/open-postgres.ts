import { setTimeout as sleep } from "node:timers/promises";
import { Kysely, sql } from "kysely";
import type { Transaction } from "kysely";
import { HomegrownError } from "@homegrown/contracts";
import type { Database, OpenDatabaseOptions } from "../database.ts";
import { GroupCommit } from "../group-commit.ts";
import { migrate } from "../migrations.ts";
import type { MigrationSet } from "../migrations.ts";
import { PooledDialect } from "./dialect.ts";
import { createPool } from "./pool.ts";
import type { PoolSettings } from "./pool.ts";

export interface OpenPostgresOptions extends OpenDatabaseOptions {
  /** Of this process; default 8. Whoever finds all in use waits for `connectTimeoutMs`. */
  maxConnections?: number;
  /** Default 5 s. */
  connectTimeoutMs?: number;
  /** How long one statement may take before `storage/database-timeout`; default 30 s. */
  statementTimeoutMs?: number;
}

/** A migration may rewrite a table, or wait for another process that does. */
const MIGRATION_TIMEOUT_MS = 10 * 60_000;
const MAX_ATTEMPTS = 12;
/** From this attempt on a transaction that lost to others stands in line with those that did too. */
const FIRST_QUEUED_ATTEMPT = 3;
const CONFLICT_LOCK = 0x686f_6d65_6702;

/**
 * Connects to a Postgres database (12 or newer) that several processes share, and applies what is missing of
 * `migrations`: the same tables and the same `Database` as `openDatabase` gives. `url` is
 * `postgres://user:password@host:port/database`; the user must be allowed to create tables. What differs: several
 * statements run at once, on several connections, so a query does not wait for a batch that was handed over
 * before it. `synchronous: "normal"` may lose the last commits (those of less than a second) also when the
 * Postgres server is killed. Text cannot hold U+0000. An error inside a transaction ends it.
 *
 * Errors, here and later: `storage/bad-database-url`, `storage/database-unavailable` (connections are made again
 * by themselves), `storage/database-refused`, `storage/database-busy`, `storage/database-timeout`,
 * `storage/database-conflict`, `storage/disk-full`, `storage/newer-database`. None holds the password.
 */
export async function openPostgres<Schema = unknown>(
  url: string,
  migrations: readonly MigrationSet[] = [],
  options: OpenPostgresOptions = {},
): Promise<Database<Schema>> {
  const settings: PoolSettings = {
    url,
    maxConnections: options.maxConnections ?? 8,
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    statementTimeoutMs: options.statementTimeoutMs ?? 30_000,
    busyTimeoutMs: options.busyTimeoutMs ?? 10_000,
    synchronous: options.synchronous ?? "full",
  };
  await prepareTables(settings, migrations);
  const pool = await createPool(settings);
  const queries = new Kysely<Schema>({ dialect: new PooledDialect(pool) });
  const commits = new GroupCommit((statements) => retryConflicts(5, () => pool.batch(statements)));
  return {
    engine: "postgres",
    location: pool.location,
    queries,
    transaction: (action) => runTransaction(queries, action),
    batch: (statements) => commits.batch(statements),
    close: async () => {
      await commits.idle();
      await queries.destroy();
      await pool.close();
    },
  };
}

/** On a connection of its own, which may take its time. Also finds out whether the server can be used at all. */
async function prepareTables(settings: PoolSettings, migrations: readonly MigrationSet[]): Promise<void> {
  const pool = await createPool({
    ...settings,
    maxConnections: 1,
    synchronous: "full",
    statementTimeoutMs: MIGRATION_TIMEOUT_MS,
    busyTimeoutMs: MIGRATION_TIMEOUT_MS,
  });
  try {
    const db = new Kysely<unknown>({ dialect: new PooledDialect(pool) });
    await sql`select 1`.execute(db);
    await migrate(db, { engine: "postgres", location: pool.location }, migrations);
  } finally {
    await pool.close();
  }
}

function runTransaction<Schema, T>(
  queries: Kysely<Schema>,
  action: (tx: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  return retryConflicts(MAX_ATTEMPTS, (attempt) => {
    if (attempt < FIRST_QUEUED_ATTEMPT) return queries.transaction().execute(action);
    // The lock is taken before the transaction begins, so that it sees what those before it in line committed.
    return queries.connection().execute(async (db) => {
      await sql`select pg_advisory_lock(${CONFLICT_LOCK})`.execute(db);
      try {
        return await db.transaction().execute(action);
      } finally {
        // On a connection that was lost the server has released it already.
        await sql`select pg_advisory_unlock(${CONFLICT_LOCK})`.execute(db).catch(() => undefined);
      }
    });
  });
}

async function retryConflicts<T>(maxAttempts: number, run: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run(attempt);
    } catch (error) {
      const isConflict = error instanceof HomegrownError && error.code === "storage/database-conflict";
      if (!isConflict || attempt >= maxAttempts) throw error;
      await sleep(Math.random() * Math.min(5 * 2 ** attempt, 100));
    }
  }
}
