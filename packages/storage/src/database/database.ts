import { resolve } from "node:path";
import { Kysely } from "kysely";
import type { Transaction } from "kysely";
import { durableStep } from "../durable-steps.ts";
import type { BatchResult, BatchStatement } from "./batches.ts";
import { openConnection } from "./connection.ts";
import { SqliteDialect } from "./dialect.ts";
import { GroupCommit } from "./group-commit.ts";
import type { Synchronous } from "./messages.ts";
import { migrate } from "./migrations.ts";
import type { MigrationSet } from "./migrations.ts";
import type { Engine } from "./schema-words.ts";

/** `Schema` is the union of the table interfaces that the given migration sets create. */
export interface Database<Schema> {
  readonly engine: Engine;
  /** The file, or the server and its database: for messages, without a password. */
  readonly location: string;
  /**
   * Kysely's query builder. What a write or a transaction reports as done survives what the option
   * `synchronous` says. Inside a transaction await only its own handle: on SQLite there is one connection.
   */
  readonly queries: Kysely<Schema>;
  /**
   * Runs `action` in one transaction that behaves as if it were alone, on every engine. On Postgres others may
   * get in its way; it is then undone and `action` runs again, so let it touch nothing but `tx`. When they do
   * so too often: `storage/database-conflict`. Prefer this to `queries.transaction()`, which tries once. Batches
   * do not wait for it on Postgres: what has to hold until the commit must be written or locked there.
   */
  transaction<T>(action: (tx: Transaction<Schema>) => Promise<T>): Promise<T>;
  /**
   * The way in for many rows: each statement once, with its rows of parameters, all in one transaction or not
   * at all; resolves after the commit. Batches that wait together share a commit and take effect in order. One
   * never runs inside a transaction that is open, so do not await it there.
   *
   * `storage/database-unavailable` with `details.outcome` `"unknown"` (Postgres was lost between commit and
   * answer) leaves open whether it was done. A batch that inserts something with a key of its own, without `on
   * conflict`, may then be sent again: had it been done, it fails with `storage/constraint` and changes
   * nothing.
   */
  batch(statements: readonly BatchStatement[]): Promise<BatchResult[]>;
  /** Waits for what is under way. Idempotent. */
  close(): Promise<void>;
}

export interface OpenDatabaseOptions {
  /** How long a write waits for another process before `storage/database-busy`; default 10 s. */
  busyTimeoutMs?: number;
  /**
   * `full` (default): a reported commit survives power loss. `normal`: a kill of any process loses nothing that
   * was reported, but power loss may lose the last commits, back to a point in time, none of them by half; a
   * commit then need not wait for the disk. For counts that may be off after such an accident.
   */
  synchronous?: Synchronous;
}

/**
 * Opens (or creates) a SQLite database in WAL mode in one worker thread, and applies what is missing of the
 * migrations that the calling package owns: `openDatabase<RegistryTables>(file, [REGISTRY_MIGRATIONS])`.
 * Several processes may have one file open. Errors: `storage/newer-database`, `storage/database-corrupt`,
 * `storage/database-busy`, `storage/disk-full`, `storage/not-writable`; later also `storage/database-gone`.
 */
export async function openDatabase<Schema = unknown>(
  file: string,
  migrations: readonly MigrationSet[] = [],
  options: OpenDatabaseOptions = {},
): Promise<Database<Schema>> {
  const location = resolve(file);
  const { busyTimeoutMs = 10_000, synchronous = "full" } = options;
  const connection = await openConnection({ file: location, busyTimeoutMs, synchronous });
  const queries = new Kysely<Schema>({ dialect: new SqliteDialect(connection, location) });
  try {
    await migrate(queries as unknown as Kysely<unknown>, { engine: "sqlite", location }, migrations);
  } catch (error) {
    await connection.close();
    throw error;
  }
  const commits = new GroupCommit((statements) =>
    durableStep("commit", location, "batch", () => connection.batch(statements)),
  );
  return {
    engine: "sqlite",
    location,
    queries,
    transaction: (action) => queries.transaction().execute(action),
    batch: (statements) => commits.batch(statements),
    close: async () => {
      await commits.idle();
      // Kysely initialises its driver with the first query only; without one, destroy() would not reach it.
      await queries.destroy();
      await connection.close();
    },
  };
}
