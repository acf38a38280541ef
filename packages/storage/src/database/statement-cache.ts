import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

export type SqlParameters = readonly SQLInputValue[];

export interface PreparedStatement {
  statement: StatementSync;
  returnsRows: boolean;
}

const MAX_STATEMENTS = 200;

/** Prepared statements by their text, the most recently used ones: preparing costs more than most executions. */
export class StatementCache {
  #database: DatabaseSync;
  #statements = new Map<string, PreparedStatement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** `translate` turns `sql` into SQLite's own words when it is prepared. */
  get(sql: string, translate?: (sql: string) => string): PreparedStatement {
    let prepared = this.#statements.get(sql);
    if (prepared === undefined) {
      const statement = this.#database.prepare(translate === undefined ? sql : translate(sql));
      prepared = { statement, returnsRows: statement.columns().length > 0 };
      const [oldest] = this.#statements.keys();
      if (this.#statements.size >= MAX_STATEMENTS && oldest !== undefined) this.#statements.delete(oldest);
    } else {
      this.#statements.delete(sql);
    }
    this.#statements.set(sql, prepared);
    return prepared;
  }
}
