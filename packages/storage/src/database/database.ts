import { resolve } from "node:path";
import { Kysely } from "kysely";
import { openConnection } from "./connection.ts";
import { SqliteDialect } from "./dialect.ts";
import { migrate } from "./migrations.ts";
import type { MigrationSet } from "./migrations.ts";

/** `Schema` is the union of the table interfaces that the given migration sets create. */
export interface Database<Schema> {
  readonly file: string;
  /**
   * Kysely's query builder. What a write or a `transaction().execute(…)` reports as done survives power loss
   * (synchronous = FULL). There is one connection: inside a transaction await only its own handle.
   */
  readonly queries: Kysely<Schema>;
  /** Waits for what is under way. Idempotent. */
  close(): Promise<void>;
}

export interface OpenDatabaseOptions {
  /** How long a write waits for another process before `storage/database-busy`; default 10 s. */
  busyTimeoutMs?: number;
}

/**
 * Opens (or creates) a SQLite database in WAL mode in one worker thread, and applies what is missing of the
 * migrations that the calling package owns: `openDatabase<RegistryTables>(file, [REGISTRY_MIGRATIONS])`.
 * Several processes may have one file open. Errors: `storage/newer-database`, `storage/database-corrupt`,
 * `storage/database-busy`, `storage/disk-full`, `storage/not-writable`.
 */
export async function openDatabase<Schema = unknown>(
  file: string,
  migrations: readonly MigrationSet[] = [],
  options: OpenDatabaseOptions = {},
): Promise<Database<Schema>> {
  const path = resolve(file);
  const connection = await openConnection({ file: path, busyTimeoutMs: options.busyTimeoutMs ?? 10_000 });
  const queries = new Kysely<Schema>({ dialect: new SqliteDialect(connection, path) });
  try {
    await migrate(queries as unknown as Kysely<unknown>, path, migrations);
  } catch (error) {
    await connection.close();
    throw error;
  }
  return { file: path, queries, close: () => closeAfterQueries(queries, connection.close.bind(connection)) };
}

async function closeAfterQueries<Schema>(queries: Kysely<Schema>, close: () => Promise<void>): Promise<void> {
  // Kysely initialises its driver with the first query only; without one, destroy() would not reach it.
  await queries.destroy();
  await close();
}
