// Write-behind with group commit. Whoever serves a request puts rows into a queue and goes on; every few
// milliseconds one batch takes all that waits, in one transaction. One batch is under way at a time. It is
// frozen when it is put together and tried, unchanged, until the store has taken it: a store that is locked,
// full or gone costs memory, never rows. The memory is bounded because nothing new is admitted beyond a limit.
import type { HomegrownError } from "@homegrown/contracts";
import type { BatchResult } from "@homegrown/storage";
import { SYSTEM_CLOCK } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { commitStatement, enrolInstance, readCommits } from "./instances.ts";
import { countRows, splitBatch } from "./frozen-batch.ts";
import type { Contribution, FrozenBatch, Row } from "./frozen-batch.ts";
import { isRefusedForItself, storeBehindError, toStoreError } from "./store-errors.ts";
import { ENDED } from "./tables.ts";
import type { StateDatabase } from "./tables.ts";

/** Somebody who has more to say in a batch than rows: reads, and what is decided at the last moment. */
export interface Contributor {
  /** Called when a batch is put together. */
  collect(): Contribution | undefined;
  /**
   * This instance was declared dead and goes on under a new number. What was collected and not committed is
   * void and will be collected anew.
   */
  fenced(): void;
}

export interface StateWriterOptions {
  clock?: Clock;
  /** How long a row waits for others at most; default 20 ms. */
  flushMs?: number;
  /** So many rows are written without waiting; default 1000. */
  flushRows?: number;
  /** Beyond so many unwritten rows nothing is admitted; default 20,000 (about 20 MB). */
  maxRows?: number;
  /** Told of each failed attempt, and of rows that the store refuses for themselves and that are given up. */
  onError?: (error: HomegrownError, numRowsLost: number) => void;
}

export interface StoreHealth {
  /** False while the store does not take what it should. */
  healthy: boolean;
  /** Rows that wait or are under way. */
  behindRows: number;
  /** Rows that the store refused for themselves, since the start: a fault of the program. */
  rejectedRows: number;
  /** Code of the failure that lasts. */
  lastError: string | undefined;
}

/** Without a commit for so long, this instance must expect to be declared dead. */
const LEASE_MS = 10_000;
const HEARTBEAT_MS = 2_500;
const SLOW_MS = 1_000;
const MIN_RETRY_MS = 25;
const MAX_RETRY_MS = 1_000;

export class StateWriter {
  #database: StateDatabase;
  #clock: Clock;
  #options: Required<Omit<StateWriterOptions, "clock">>;
  #contributors: Contributor[] = [];
  #queued = new Map<string, Row[]>();
  #numQueued = 0;
  #instance: number;
  #commits = 0;
  /** Several only after one was taken apart because of something in it. */
  #frozen: FrozenBatch[] = [];
  #working: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #soon = false;
  /** Somebody wanted a batch while one was under way. */
  #again = false;
  #heartbeat: NodeJS.Timeout;
  #retry: { timer: NodeJS.Timeout; go: () => void } | undefined;
  #leaseFromMs: number;
  #attemptFromMs: number | undefined;
  #failure: HomegrownError | undefined;
  #numRejected = 0;
  #giveUp = false;
  #closed = false;

  static async open(database: StateDatabase, options: StateWriterOptions = {}): Promise<StateWriter> {
    const clock = options.clock ?? SYSTEM_CLOCK;
    const fromMs = clock.monotonicMs();
    return new StateWriter(database, options, await enrolInstance(database, clock), fromMs);
  }

  private constructor(
    database: StateDatabase,
    options: StateWriterOptions,
    instance: number,
    leaseFromMs: number,
  ) {
    this.#database = database;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#options = {
      flushMs: options.flushMs ?? 20,
      flushRows: options.flushRows ?? 1000,
      maxRows: options.maxRows ?? 20_000,
      onError: options.onError ?? (() => {}),
    };
    this.#instance = instance;
    this.#leaseFromMs = leaseFromMs;
    this.#heartbeat = setInterval(() => this.#work(), HEARTBEAT_MS).unref();
  }

  /** This running gateway's number; changes when it was fenced off. */
  get instance(): number {
    return this.#instance;
  }

  /** False when this instance has not reached the store for so long that it may count as dead elsewhere. */
  get holdsLease(): boolean {
    return this.#clock.monotonicMs() - this.#leaseFromMs < LEASE_MS;
  }

  get health(): StoreHealth {
    const attemptMs = this.#attemptFromMs === undefined ? 0 : this.#clock.monotonicMs() - this.#attemptFromMs;
    return {
      healthy: this.#failure === undefined && attemptMs < SLOW_MS && this.hasRoom,
      behindRows: this.#numBehind(),
      rejectedRows: this.#numRejected,
      lastError: this.#failure?.code,
    };
  }

  addContributor(contributor: Contributor): void {
    this.#contributors.push(contributor);
  }

  get hasRoom(): boolean {
    return !this.#closed && this.#numBehind() < this.#options.maxRows;
  }

  /** Throws `gateway/store-behind` when no more requests should be admitted: call it before anything else. */
  assertRoom(): void {
    if (this.hasRoom) return;
    throw storeBehindError(
      this.#closed
        ? "the gateway is closing its store"
        : `${this.#numBehind()} rows wait for the database, at most ${this.#options.maxRows} may`,
      this.#failure,
    );
  }

  /** Never waits. Rows of one statement are written in their order; statements in that of their first use. */
  enqueue(statement: string, row: Row): void {
    const rows = this.#queued.get(statement);
    if (rows === undefined) this.#queued.set(statement, [row]);
    else rows.push(row);
    this.#numQueued += 1;
    if (this.#numQueued === this.#options.flushRows) this.flushSoon();
    else this.wake();
  }

  /** A batch is put together within `flushMs`. */
  wake(): void {
    if (this.#timer !== undefined || this.#soon) return;
    this.#timer = setTimeout(() => this.#work(), this.#options.flushMs);
  }

  /** A batch is put together as soon as what runs now has ended, or after the one that is under way. */
  flushSoon(): void {
    if (this.#soon) return;
    this.#soon = true;
    setImmediate(() => this.#work());
  }

  /** Resolves once everything that was said before has been committed, however long that takes. */
  async flush(): Promise<void> {
    if (this.#working !== undefined) await this.#working;
    this.#work();
    await this.#working;
  }

  /**
   * Writes what waits, for at most `timeoutMs`, and says goodbye: what this instance held is free at once.
   * Returns how many rows could not be written. The database stays open.
   */
  async close(timeoutMs = 5_000): Promise<{ unwrittenRows: number }> {
    if (this.#closed) return { unwrittenRows: this.#numBehind() };
    const timer = setTimeout(() => {
      this.#giveUp = true;
      this.#retry?.go();
    }, timeoutMs);
    await Promise.race([this.flush(), new Promise((resolve) => setTimeout(resolve, timeoutMs + 50).unref())]);
    clearTimeout(timer);
    this.#closed = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#timer);
    if (this.#numBehind() === 0 && this.#working === undefined) await this.#leave();
    return { unwrittenRows: this.#numBehind() };
  }

  async #leave(): Promise<void> {
    const goodbye = [
      commitStatement(this.#instance, this.#commits, ENDED, this.#clock),
      { sql: "delete from gateway_budget_grants where instance = $1", rows: [[this.#instance]] },
    ];
    // Whoever starts next finds this process dead and does the same.
    await this.#database.batch(goodbye).catch(() => {});
  }

  #numBehind(): number {
    return this.#frozen.reduce((sum, { queued }) => sum + countRows(queued), this.#numQueued);
  }

  #work(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#soon = false;
    if (this.#closed) return;
    if (this.#working !== undefined) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#working = this.#commitNext().finally(() => {
      this.#working = undefined;
      if (this.#again) this.#work();
    });
  }

  async #commitNext(): Promise<void> {
    let retryMs = MIN_RETRY_MS;
    if (this.#frozen.length === 0) this.#freeze();
    while (!this.#giveUp && this.#frozen.length > 0) {
      this.#attemptFromMs = this.#clock.monotonicMs();
      try {
        await this.#attempt(this.#frozen[0]!, this.#attemptFromMs);
        retryMs = MIN_RETRY_MS;
      } catch (error) {
        this.#fail(toStoreError(error), 0);
        await this.#pause(retryMs);
        retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
      } finally {
        this.#attemptFromMs = undefined;
      }
    }
  }

  #freeze(): void {
    const contributions: Contribution[] = [];
    for (const contributor of this.#contributors) {
      const contribution = contributor.collect();
      if (contribution !== undefined) contributions.push(contribution);
    }
    const idleMs = this.#clock.monotonicMs() - this.#leaseFromMs;
    if (this.#numQueued === 0 && contributions.length === 0 && idleMs < HEARTBEAT_MS / 2) return;
    this.#frozen.push({ queued: this.#queued, contributions });
    this.#queued = new Map();
    this.#numQueued = 0;
  }

  /** Throws when the batch is to be tried again later. */
  async #attempt(frozen: FrozenBatch, fromMs: number): Promise<void> {
    const from = this.#commits;
    const own = [...frozen.queued].map(([sql, rows]) => ({ sql, rows }));
    const fence = commitStatement(this.#instance, from, from + 1, this.#clock);
    const contributed = frozen.contributions.flatMap(({ statements }) => statements);
    try {
      const results = await this.#database.batch([fence, ...own, ...contributed]);
      this.#done(frozen, from + 1, fromMs, results.slice(1 + own.length));
    } catch (error) {
      const failure = toStoreError(error);
      if (!isRefusedForItself(failure)) throw failure;
      // Either the fence or something in the batch.
      const commits = await readCommits(this.#database, this.#instance);
      if (commits === from + 1) this.#done(frozen, commits, fromMs, undefined);
      else if (commits === ENDED) await this.#enrolAnew();
      else this.#takeApart(frozen, failure);
    }
  }

  #done(
    frozen: FrozenBatch,
    commits: number,
    fromMs: number,
    results: readonly BatchResult[] | undefined,
  ): void {
    this.#commits = commits;
    this.#leaseFromMs = fromMs;
    this.#failure = undefined;
    this.#frozen.shift();
    let offset = 0;
    for (const { statements, committed } of frozen.contributions) {
      committed(results?.slice(offset, offset + statements.length));
      offset += statements.length;
    }
  }

  /** Somebody took this process for dead: a new number, nothing held, and everything unwritten once more. */
  async #enrolAnew(): Promise<void> {
    this.#instance = await enrolInstance(this.#database, this.#clock);
    this.#commits = 0;
    this.#leaseFromMs = this.#attemptFromMs ?? this.#leaseFromMs;
    for (const frozen of this.#frozen) frozen.contributions = [];
    for (const contributor of this.#contributors) contributor.fenced();
  }

  /** Something in the batch is refused for itself: everything else must not wait for it. */
  #takeApart(frozen: FrozenBatch, failure: HomegrownError): void {
    const parts = splitBatch(frozen);
    this.#frozen.splice(0, 1, ...parts);
    if (parts.length > 0) return;
    const numLost = countRows(frozen.queued);
    this.#numRejected += Math.max(numLost, 1);
    this.#options.onError(failure, numLost);
    for (const contribution of frozen.contributions) contribution.voided();
  }

  #fail(failure: HomegrownError, numRowsLost: number): void {
    this.#failure = failure;
    this.#options.onError(failure, numRowsLost);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        this.#retry = undefined;
        resolve();
      };
      const timer = setTimeout(go, ms);
      this.#retry = { timer, go };
    });
  }
}
