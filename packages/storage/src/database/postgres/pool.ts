// The connections to one Postgres server: a bounded number, made when needed, thrown away when in doubt, and
// made again after the server was gone.
import type { Pool, PoolClient, QueryResult } from "pg";
import { HomegrownError } from "@homegrown/contracts";
import { numRowsOf } from "../batches.ts";
import type { BatchResult, BatchStatement } from "../batches.ts";
import { closedError, describeStatement } from "../database-errors.ts";
import type { Synchronous } from "../messages.ts";
import { isConnectionLost, toPostgresError } from "./errors.ts";
import type { Outcome } from "./errors.ts";
import { CARDINALITY_VIOLATION, goRowByRow, toExecutions } from "./executions.ts";
import { Pipeline } from "./pipeline.ts";
import { toLocation } from "./url.ts";
import { getTypeParser, toParameter } from "./values.ts";

export interface PoolSettings {
  url: string;
  maxConnections: number;
  connectTimeoutMs: number;
  statementTimeoutMs: number;
  busyTimeoutMs: number;
  synchronous: Synchronous;
}

/** A client that began a transaction and then says nothing holds its locks no longer than this. */
const IDLE_TRANSACTION_TIMEOUT_MS = 60_000;
/** How much longer than the server's own timeout an answer may take before the connection counts as lost. */
const ANSWER_GRACE_MS = 5000;
const MAX_PREPARED = 500;

/** Loads pg, which users of SQLite never do. Connects when first used. */
export async function createPool(settings: PoolSettings): Promise<PostgresPool> {
  const { Client, Pool } = await import("pg");
  const location = toLocation(settings.url, Client);
  const pool = new Pool({
    connectionString: settings.url,
    max: settings.maxConnections,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    query_timeout: settings.statementTimeoutMs + ANSWER_GRACE_MS,
    fallback_application_name: "homegrown",
    keepAlive: true,
    allowExitOnIdle: true,
    types: { getTypeParser: getTypeParser as never },
    onConnect: (client) => client.query(sessionSettings(settings)) as unknown as void,
  });
  return new PostgresPool(pool, location);
}

function sessionSettings({ statementTimeoutMs, busyTimeoutMs, synchronous }: PoolSettings): string {
  return [
    `set statement_timeout = ${Math.round(statementTimeoutMs)}`,
    `set lock_timeout = ${Math.round(busyTimeoutMs)}`,
    `set idle_in_transaction_session_timeout = ${IDLE_TRANSACTION_TIMEOUT_MS}`,
    "set default_transaction_isolation = 'read committed'",
    "set bytea_output = 'hex'",
    // Full is what the server is set to: its owner may have asked for even more.
    ...(synchronous === "normal" ? ["set synchronous_commit = off"] : []),
  ].join(";");
}

export class PostgresPool {
  readonly location: string;
  #pool: Pool;
  #prepared = new WeakMap<PoolClient, Map<string, string>>();
  #closing: Promise<void> | undefined;

  constructor(pool: Pool, location: string) {
    this.#pool = pool;
    this.location = location;
    // Without listeners a connection that breaks would end the process. Whoever uses it gets the error anyway.
    pool.on("error", () => {});
    pool.on("connect", (client) => client.on("error", () => {}));
  }

  async connect(): Promise<PoolClient> {
    if (this.#closing) throw closedError(this.location, "it is closed");
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw this.#toError(error, "connecting", "not-done");
    }
  }

  /** `ifLost`: what is true of the statement when the connection breaks before the answer. */
  async execute(
    client: PoolClient,
    sql: string,
    parameters: readonly unknown[],
    ifLost: Outcome,
  ): Promise<QueryResult<Record<string, unknown>>> {
    try {
      return await client.query(sql, parameters.map(toParameter));
    } catch (error) {
      throw this.#toError(error, describeStatement(sql), ifLost);
    }
  }

  /** One transaction, in one round trip. */
  async batch(statements: readonly BatchStatement[]): Promise<BatchResult[]> {
    const client = await this.connect();
    let prepared = this.#prepared.get(client);
    if (prepared === undefined) this.#prepared.set(client, (prepared = new Map()));
    const { promise, resolve, reject } = Promise.withResolvers<BatchResult[]>();
    const pipeline = new Pipeline(toExecutions(statements), statements.length, prepared, (error, results) => {
      if (results === undefined) reject(error as Error);
      else resolve(results);
    });
    try {
      client.query(pipeline);
      const results = await promise;
      client.release(prepared.size > MAX_PREPARED);
      return results;
    } catch (error) {
      client.release(pipeline.hasPrepared || isConnectionLost(error));
      const failed = statements[pipeline.failedStatement ?? -1];
      if (failed !== undefined && isSameRowTwice(error) && goRowByRow(failed.sql)) {
        return this.batch(statements);
      }
      const where = failed === undefined ? "" : `, ${describeStatement(failed.sql)},`;
      throw this.#toError(error, `a batch of ${numRowsOf(statements)} rows${where}`, "unknown");
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    return this.#closing;
  }

  #toError(error: unknown, doing: string, ifLost: Outcome): HomegrownError {
    return toPostgresError({ error, location: this.location, doing, ifLost });
  }
}

function isSameRowTwice(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === CARDINALITY_VIOLATION;
}
