// Kysely over the narrow connection. One connection: Kysely hands it to one query or one transaction at a time
// (`supportsMultipleConnections` is false for SQLite), so inside `transaction().execute(tx => …)` only `tx`
// may be awaited.
import { SelectQueryNode, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
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
} from "kysely";
import { durableStep } from "../durable-steps.ts";
import type { SqlConnection } from "./connection.ts";
import { noStreamingError } from "./database-errors.ts";

export class SqliteDialect implements Dialect {
  #connection: SqlConnection;
  #file: string;

  constructor(connection: SqlConnection, file: string) {
    this.#connection = connection;
    this.#file = file;
  }

  createDriver(): Driver {
    return new SqliteDriver(new KyselyConnection(this.#connection, this.#file));
  }

  createAdapter(): DialectAdapter {
    return new SqliteAdapter();
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }

  // Kysely's own interface asks for `any`: a dialect works for every schema.
  createIntrospector(db: Kysely<never>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }
}

class SqliteDriver implements Driver {
  #connection: KyselyConnection;

  constructor(connection: KyselyConnection) {
    this.#connection = connection;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async beginTransaction(): Promise<void> {
    await this.#connection.begin();
  }

  async commitTransaction(): Promise<void> {
    await this.#connection.commit();
  }

  async rollbackTransaction(): Promise<void> {
    await this.#connection.rollback();
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#connection.close();
  }
}

class KyselyConnection implements DatabaseConnection {
  #connection: SqlConnection;
  #file: string;
  #inTransaction = false;
  #firstWrite: string | undefined;

  constructor(connection: SqlConnection, file: string) {
    this.#connection = connection;
    this.#file = file;
  }

  async begin(): Promise<void> {
    // IMMEDIATE takes the write lock now and waits for it; a deferred one fails later, when two upgrade at once.
    await this.#connection.execute("begin immediate", []);
    this.#inTransaction = true;
    this.#firstWrite = undefined;
  }

  async commit(): Promise<void> {
    await this.#commitStep(this.#firstWrite ?? "nothing", () => this.#connection.execute("commit", []));
    this.#inTransaction = false;
  }

  async rollback(): Promise<void> {
    this.#inTransaction = false;
    await this.#connection.rollback();
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const run = () => this.#connection.execute(query.sql, query.parameters);
    const writes = !SelectQueryNode.is(query.query) && !/^\s*(select|pragma|explain)\b/i.test(query.sql);
    if (writes) this.#firstWrite ??= query.sql.slice(0, 60);
    const result =
      writes && !this.#inTransaction ? await this.#commitStep(query.sql.slice(0, 60), run) : await run();
    return {
      rows: result.rows as R[],
      ...(result.changes === undefined ? {} : { numAffectedRows: result.changes }),
      ...(result.insertId === undefined ? {} : { insertId: result.insertId }),
    };
  }

  // eslint-disable-next-line require-yield
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw noStreamingError();
  }

  #commitStep<T>(purpose: string, action: () => Promise<T>): Promise<T> {
    return durableStep("commit", this.#file, purpose, action);
  }
}
