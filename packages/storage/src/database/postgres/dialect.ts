// Kysely over the pool. Transactions are serializable, as SQLite's are: what one reads is true until it commits,
// or it is undone with `storage/database-conflict`.
import { PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from "kysely";
import type {
  CompiledQuery,
  DatabaseConnection,
  DatabaseIntrospector,
  Dialect,
  DialectAdapter,
  Driver,
  Kysely,
  QueryCompiler,
  QueryResult,
  TransactionSettings,
} from "kysely";
import type { PoolClient } from "pg";
import { HomegrownError } from "@homegrown/contracts";
import { noStreamingError } from "../database-errors.ts";
import type { Outcome } from "./errors.ts";
import type { PostgresPool } from "./pool.ts";

export class PooledDialect implements Dialect {
  #pool: PostgresPool;

  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  createDriver(): Driver {
    return new PooledDriver(this.#pool);
  }

  createAdapter(): DialectAdapter {
    return new PostgresAdapter();
  }

  createQueryCompiler(): QueryCompiler {
    return new PostgresQueryCompiler();
  }

  createIntrospector(db: Kysely<never>): DatabaseIntrospector {
    return new PostgresIntrospector(db);
  }
}

class PooledDriver implements Driver {
  #pool: PostgresPool;

  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PooledConnection> {
    return new PooledConnection(this.#pool, await this.#pool.connect());
  }

  async beginTransaction(connection: PooledConnection, settings: TransactionSettings): Promise<void> {
    await connection.begin(settings);
  }

  async commitTransaction(connection: PooledConnection): Promise<void> {
    await connection.commit();
  }

  async rollbackTransaction(connection: PooledConnection): Promise<void> {
    await connection.rollback();
  }

  async releaseConnection(connection: PooledConnection): Promise<void> {
    connection.release();
  }

  async destroy(): Promise<void> {
    await this.#pool.close();
  }
}

class PooledConnection implements DatabaseConnection {
  #pool: PostgresPool;
  #client: PoolClient;
  #inTransaction = false;
  #isLost = false;

  constructor(pool: PostgresPool, client: PoolClient) {
    this.#pool = pool;
    this.#client = client;
  }

  async begin({ isolationLevel = "serializable", accessMode }: TransactionSettings): Promise<void> {
    await this.#execute(
      `begin isolation level ${isolationLevel} ${accessMode ?? "read write"}`,
      [],
      "not-done",
    );
    this.#inTransaction = true;
  }

  async commit(): Promise<void> {
    const { command } = await this.#execute("commit", [], "unknown");
    this.#inTransaction = false;
    if (command !== "COMMIT") throw undoneError(this.#pool.location);
  }

  async rollback(): Promise<void> {
    this.#inTransaction = false;
    // Whoever threw has a better error than that there is nobody left to tell; the server rolls back by itself.
    if (!this.#isLost) await this.#execute("rollback", [], "not-done").catch(() => (this.#isLost = true));
  }

  release(): void {
    this.#client.release(this.#isLost);
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    // Inside a transaction nothing is done before the commit.
    const ifLost = this.#inTransaction ? "not-done" : "unknown";
    const { command, rowCount, rows } = await this.#execute(query.sql, query.parameters, ifLost);
    const isWrite = ["INSERT", "UPDATE", "DELETE", "MERGE"].includes(command);
    return { rows: rows as R[], ...(isWrite ? { numAffectedRows: BigInt(rowCount ?? 0) } : {}) };
  }

  // eslint-disable-next-line require-yield
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw noStreamingError();
  }

  async #execute(sql: string, parameters: readonly unknown[], ifLost: Outcome) {
    try {
      return await this.#pool.execute(this.#client, sql, parameters, ifLost);
    } catch (error) {
      this.#isLost ||= error instanceof HomegrownError && LOST.has(error.code);
      throw error;
    }
  }
}

/** After these a connection is thrown away; the server may still be at work on it. */
const LOST = new Set(["storage/database-unavailable", "storage/database-timeout"]);

function undoneError(location: string): HomegrownError {
  return new HomegrownError({
    code: "storage/transaction-undone",
    kind: "internal",
    message: `a transaction on ${location} could not be committed: one of its statements had failed, and was passed over`,
    hint: "This is a fault of the program: an error inside a transaction has to leave it.",
  });
}
