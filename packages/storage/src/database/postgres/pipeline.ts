// A batch on Postgres: every statement's rows are sent at once and answered at once, in one round trip. What
// lies between two Sync messages and begins no transaction of its own is one transaction, committed by the Sync
// (https://www.postgresql.org/docs/current/protocol-flow.html, "Pipelining"): an error undoes all of it.
import type { Connection } from "pg";
import type { BatchResult } from "../batches.ts";
import { getTypeParser, toParameter } from "./values.ts";

/** One execution of a prepared statement. */
export interface Execution {
  sql: string;
  values: readonly unknown[];
  /** Of the batch's statements, the one whose result this adds to. */
  statement: number;
}

/** What pg's connection offers and its types leave out or have differently. */
interface Wire {
  stream: { cork(): void; uncork(): void };
  parse(message: { name: string; text: string }): void;
  bind(message: {
    statement: string;
    values: readonly unknown[];
    valueMapper: (v: unknown) => unknown;
  }): void;
  describe(message: { type: "P" }): void;
  execute(): void;
  sync(): void;
}

interface Field {
  name: string;
  dataTypeID: number;
}

/**
 * For `client.query(pipeline)`, which calls `submit` and hands it the server's messages. `names` remembers what
 * this client has prepared; after a failure with `hasPrepared` the client must be thrown away, since nobody
 * knows which of them the server got to.
 */
export class Pipeline {
  /** Set and wrapped by pg, which adds its timeout. */
  callback: (error: unknown, results?: BatchResult[]) => void;
  hasPrepared = false;
  /** The index of the statement that failed, if one did. */
  failedStatement: number | undefined;
  #executions: readonly Execution[];
  #names: Map<string, string>;
  #results: BatchResult[];
  #current = 0;
  #fields: Field[] = [];
  #failure: unknown;

  constructor(
    executions: readonly Execution[],
    numStatements: number,
    names: Map<string, string>,
    callback: (error: unknown, results?: BatchResult[]) => void,
  ) {
    this.#executions = executions;
    this.#names = names;
    this.#results = Array.from({ length: numStatements }, () => ({ changes: 0, rows: [] }));
    this.callback = callback;
  }

  submit(connection: Connection): Error | null {
    const wire = connection as unknown as Wire;
    let last = "";
    wire.stream.cork();
    try {
      for (const { sql, values } of this.#executions) {
        const statement = this.#prepare(wire, sql);
        wire.bind({ statement, values, valueMapper: toParameter });
        // The shape of what it returns is asked for once in a row of executions of one statement.
        if (sql !== last) wire.describe({ type: "P" });
        last = sql;
        wire.execute();
      }
    } catch (error) {
      // A value that cannot be sent. What was sent so far has to be undone: an error of the server's does that.
      this.#failure = error;
      wire.parse({ name: "", text: "this is undone" });
    } finally {
      wire.sync();
      wire.stream.uncork();
    }
    return null;
  }

  handleRowDescription({ fields }: { fields: Field[] }): void {
    this.#fields = fields;
  }

  handleDataRow({ fields: values }: { fields: (string | null)[] }): void {
    if (this.#failure !== undefined) return;
    try {
      const row: Record<string, unknown> = {};
      for (const [index, { name, dataTypeID }] of this.#fields.entries()) {
        const value = values[index] ?? null;
        row[name] = value === null ? null : getTypeParser(dataTypeID)(value);
      }
      this.#results[this.#executions[this.#current]!.statement]!.rows.push(row);
    } catch (error) {
      this.#failure = error;
    }
  }

  handleCommandComplete({ text }: { text: string }): void {
    const result = this.#results[this.#executions[this.#current]!.statement]!;
    // `INSERT 0 5`, `UPDATE 5`; a statement that returns rows counts those.
    const space = text.lastIndexOf(" ");
    if (this.#fields.length === 0 && space > 0) result.changes += Number(text.slice(space + 1));
    const before = this.#executions[this.#current]!.sql;
    this.#current += 1;
    if (this.#executions[this.#current]?.sql !== before) this.#fields = [];
  }

  handleEmptyQuery(): void {
    this.#current += 1;
  }

  handleError(error: unknown): void {
    this.failedStatement = this.#executions[this.#current]?.statement;
    this.callback(this.#failure ?? error);
  }

  handleReadyForQuery(): void {
    if (this.#failure === undefined) this.callback(null, this.#results);
    else this.callback(this.#failure);
  }

  #prepare(wire: Wire, sql: string): string {
    let name = this.#names.get(sql);
    if (name === undefined) {
      name = `homegrown_${this.#names.size}`;
      this.#names.set(sql, name);
      this.hasPrepared = true;
      wire.parse({ name, text: sql });
    }
    return name;
  }
}
