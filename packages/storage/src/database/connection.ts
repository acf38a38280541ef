// The main thread's end of the channel to the database's worker.
import { dirname } from "node:path";
import { Worker } from "node:worker_threads";
import type { HomegrownError } from "@homegrown/contracts";
import { ensureFolder } from "../atomic-files.ts";
import { numRowsOf } from "./batches.ts";
import type { BatchResult, BatchStatement } from "./batches.ts";
import { closedError, describeStatement, NOT_SENDABLE, toDatabaseError } from "./database-errors.ts";
import { OPENED_ID } from "./messages.ts";
import { packStatement } from "./packed-rows.ts";
import type {
  DatabaseAnswer,
  DatabaseRequest,
  DatabaseResponse,
  DatabaseSettings,
  SqlResult,
} from "./messages.ts";

/** The narrow waist under Kysely. */
export interface SqlConnection {
  execute(sql: string, parameters: readonly unknown[]): Promise<SqlResult>;
  /** One transaction of its own, outside of any that `execute` has open. */
  batch(statements: readonly BatchStatement[]): Promise<BatchResult[]>;
  rollback(): Promise<void>;
  /** Waits for what is under way. Idempotent. */
  close(): Promise<void>;
}

interface Waiting {
  doing: string;
  resolve(answer: DatabaseAnswer): void;
  reject(error: HomegrownError): void;
}

/** Opens `settings.file` in a worker thread of its own. The thread keeps the process alive only while it works. */
export async function openConnection(settings: DatabaseSettings): Promise<SqlConnection> {
  await ensureFolder(dirname(settings.file));
  const connection = new WorkerConnection(settings);
  await connection.opened;
  return connection;
}

const YOUNG_GENERATION_MB = 8;

class WorkerConnection implements SqlConnection {
  readonly opened: Promise<DatabaseAnswer>;
  #file: string;
  #worker: Worker;
  #waiting = new Map<number, Waiting>();
  #lastId = OPENED_ID;
  #closing: Promise<void> | undefined;
  #dead: HomegrownError | undefined;

  constructor(settings: DatabaseSettings) {
    this.#file = settings.file;
    this.#worker = new Worker(new URL("./sqlite-worker.ts", import.meta.url), {
      workerData: settings,
      // Rows come and go: more room for young objects would only be more memory.
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.#worker.on("message", (response: DatabaseResponse) => this.#settle(response));
    this.#worker.on("error", (error) => this.#fail(`its worker thread died: ${error.message}`));
    this.#worker.on("exit", () => this.#fail("it is closed"));
    this.opened = this.#wait(OPENED_ID, "opening the database");
  }

  async execute(sql: string, parameters: readonly unknown[]): Promise<SqlResult> {
    const request = { id: this.#nextId(), kind: "execute", sql, parameters } as const;
    return (await this.#ask(request, describeStatement(sql))) as SqlResult;
  }

  async batch(statements: readonly BatchStatement[]): Promise<BatchResult[]> {
    const sent = statements.map(packStatement);
    const request = { id: this.#nextId(), kind: "batch", statements: sent } as const;
    return (await this.#ask(request, `a batch of ${numRowsOf(statements)} rows`)) as BatchResult[];
  }

  async rollback(): Promise<void> {
    await this.#ask({ id: this.#nextId(), kind: "rollback" }, "rolling back");
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#dead) return;
    const exited = new Promise((resolve) => this.#worker.once("exit", resolve));
    try {
      await this.#ask({ id: this.#nextId(), kind: "close" }, "closing the database");
    } finally {
      this.#worker.ref();
      await exited;
    }
  }

  #ask(request: DatabaseRequest, doing: string): Promise<DatabaseAnswer> {
    if (this.#dead) return Promise.reject(this.#dead);
    const result = this.#wait(request.id, doing);
    try {
      this.#worker.postMessage(request);
    } catch (error) {
      // A parameter that cannot be sent, for example a function.
      this.#settle({ id: request.id, failure: { message: String(error), code: NOT_SENDABLE } });
    }
    return result;
  }

  #wait(id: number, doing: string): Promise<DatabaseAnswer> {
    this.#worker.ref();
    return new Promise((resolve, reject) => this.#waiting.set(id, { doing, resolve, reject }));
  }

  #settle(response: DatabaseResponse): void {
    const waiting = this.#waiting.get(response.id);
    this.#waiting.delete(response.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (response.failure) waiting?.reject(toDatabaseError(response.failure, this.#file, waiting.doing));
    else waiting?.resolve(response.result);
  }

  #fail(why: string): void {
    this.#dead ??= closedError(this.#file, why);
    for (const waiting of this.#waiting.values()) waiting.reject(this.#dead);
    this.#waiting.clear();
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}
