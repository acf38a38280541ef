// Group commit: while one transaction is under way, the batches that arrive wait together and become the next
// one. A commit costs the same for one row as for a thousand, so under load the cost of each falls, and alone
// a batch waits for nobody. Batches take effect in the order in which they were handed over.
import { HomegrownError } from "@homegrown/contracts";
import { checkParameters, numRowsOf } from "./batches.ts";
import type { BatchResult, BatchStatement } from "./batches.ts";

/** Runs statements in one transaction and resolves after its commit, with one result for each. */
export type RunBatch = (statements: readonly BatchStatement[]) => Promise<BatchResult[]>;

interface Waiting {
  statements: readonly BatchStatement[];
  numRows: number;
  resolve(results: BatchResult[]): void;
  reject(error: unknown): void;
}

/** A larger transaction would no longer make a row cheaper, only its neighbours slower. */
const MAX_GROUP_ROWS = 5000;
/** A store that stands still must not fill the memory. */
const MAX_WAITING_ROWS = 200_000;

export class GroupCommit {
  #run: RunBatch;
  #waiting: Waiting[] = [];
  #numWaitingRows = 0;
  #working: Promise<void> | undefined;

  constructor(run: RunBatch) {
    this.#run = run;
  }

  /** See `Database.batch`. */
  async batch(statements: readonly BatchStatement[]): Promise<BatchResult[]> {
    checkParameters(statements);
    const numRows = numRowsOf(statements);
    if (numRows === 0) return statements.map(() => ({ changes: 0, rows: [] }));
    if (this.#waiting.length > 0 && this.#numWaitingRows + numRows > MAX_WAITING_ROWS) {
      throw overloadedError(this.#numWaitingRows);
    }
    this.#numWaitingRows += numRows;
    const result = new Promise<BatchResult[]>((resolve, reject) => {
      this.#waiting.push({ statements, numRows, resolve, reject });
    });
    this.#working ??= this.#work();
    return result;
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      if (!(await this.#commit(group))) {
        for (const one of group) await this.#commit([one]);
      }
    }
    this.#working = undefined;
  }

  #nextGroup(): Waiting[] {
    let numRows = 0;
    let length = 0;
    for (const { numRows: more } of this.#waiting) {
      if (length > 0 && numRows + more > MAX_GROUP_ROWS) break;
      numRows += more;
      length += 1;
    }
    this.#numWaitingRows -= numRows;
    return this.#waiting.splice(0, length);
  }

  /**
   * False when a group was undone because of something in one of its batches: then nobody has been answered,
   * and each is to be tried alone, so that one's fault is not another's.
   */
  async #commit(group: readonly Waiting[]): Promise<boolean> {
    try {
      const results = await this.#run(group.flatMap(({ statements }) => statements));
      let offset = 0;
      for (const { statements, resolve } of group) {
        resolve(results.slice(offset, offset + statements.length));
        offset += statements.length;
      }
      return true;
    } catch (error) {
      if (group.length > 1 && !isOfTheStore(error)) return false;
      for (const { reject } of group) reject(error);
      return true;
    }
  }
}

/** Busy, full, gone: trying each batch alone would only wait as often. */
function isOfTheStore(error: unknown): boolean {
  return error instanceof HomegrownError && (error.kind === "unavailable" || error.kind === "overloaded");
}

function overloadedError(numWaitingRows: number): HomegrownError {
  return new HomegrownError({
    code: "storage/database-overloaded",
    kind: "overloaded",
    message: `${numWaitingRows} rows already wait for the database to commit them, at most ${MAX_WAITING_ROWS} may`,
    hint: "The database is slower than what arrives: send less, or give it a faster disk.",
    retryable: true,
  });
}
