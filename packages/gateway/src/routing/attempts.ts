// The attempts of one request, one after another. Every attempt that was begun is ended, and each end tells the
// target's health.
import { setTimeout as sleep } from "node:timers/promises";
import type { Attempt } from "./breaker.ts";
import type { Clock, Random } from "./clock.ts";
import { nextAttempt } from "./next-attempt.ts";
import type { Candidate, RoutePlan } from "./compiled-route.ts";
import { noHealthyTarget } from "./routing-errors.ts";

export interface AttemptsOptions {
  clock?: Clock;
  random?: Random;
  /** Rejects when the signal fires. */
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

interface Running {
  candidate: Candidate;
  attempt: Attempt;
  startedAt: number;
  firstTokenSeen: boolean;
}

/**
 * Call `first`, then for each candidate exactly one of: `succeed`; `retry`, which gives the next one;
 * `fail`, when bytes have reached the client; `abandon`, when the client left.
 */
export class Attempts {
  readonly #plan: RoutePlan;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly #startedAt: number;
  readonly #untried: Candidate[];
  #current: Running | undefined;
  #numAttempts = 0;
  #numHere = 0;

  constructor(plan: RoutePlan, options: AttemptsOptions = {}) {
    this.#plan = plan;
    this.#clock = options.clock ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
    this.#wait = options.wait ?? waitFor;
    this.#startedAt = this.#clock();
    this.#untried = [...plan.candidates];
  }

  /** Attempts begun so far. */
  get count(): number {
    return this.#numAttempts;
  }

  /** What is left of the route's total time, all attempts together. */
  get remainingMs(): number {
    return this.#plan.route.timeouts.totalMs - (this.#clock() - this.#startedAt);
  }

  /** The first candidate. Throws `gateway/no-healthy-target`. */
  first(): Candidate {
    this.#plan.budget.payIn();
    const first = this.#beginNext();
    if (first !== undefined) return first;
    const pauses = this.#plan.candidates.map(({ health }) => health.breaker.pauseMs);
    throw noHealthyTarget(this.#plan.alias, Math.min(...pauses));
  }

  /** The first token has come, or the head of an answer that is not streamed. Later calls change nothing. */
  markFirstToken(): void {
    const current = this.#current;
    if (current === undefined || current.firstTokenSeen) return;
    current.firstTokenSeen = true;
    if (this.#plan.stream) current.candidate.health.firstToken.record(this.#clock() - current.startedAt);
  }

  succeed(): void {
    const current = this.#end();
    if (!this.#plan.stream) current.candidate.health.wholeAnswer.record(this.#clock() - current.startedAt);
    current.candidate.health.succeed(current.attempt);
  }

  /** The attempt failed for good. */
  fail(error: unknown): void {
    const { candidate, attempt } = this.#end();
    candidate.health.fail(attempt, error);
  }

  /** The attempt was ended from this side, which says nothing of the target. */
  abandon(): void {
    const { candidate, attempt } = this.#end();
    candidate.health.abandon(attempt);
  }

  /**
   * The attempt failed before any byte reached the client: the next candidate, after a wait where there must be
   * one. Rejects with `error` where trying again is no use, and with the signal's reason once that has fired.
   */
  async retry(error: unknown, signal: AbortSignal): Promise<Candidate> {
    const { candidate, attempt } = this.#end();
    candidate.health.fail(attempt, error);
    signal.throwIfAborted();
    // An open target is tried once by each request, no more.
    if (candidate.lastResort) throw error;
    const { route, budget } = this.#plan;
    const state = {
      settings: route.retry,
      attempts: this.#numAttempts,
      attemptsHere: this.#numHere,
      othersLeft: this.#untried.length > 0,
      remainingMs: this.remainingMs,
      budgetIsEmpty: budget.isEmpty,
    };
    const next = nextAttempt(error, state, this.#random);
    if (next.kind === "again") {
      budget.take();
      await this.#wait(next.delayMs, signal);
      if (this.#begin(candidate)) return candidate;
    }
    if (next.kind === "give-up") throw error;
    const other = this.#beginNext();
    if (other === undefined) throw error;
    return other;
  }

  #beginNext(): Candidate | undefined {
    for (;;) {
      const candidate = this.#untried.shift();
      if (candidate === undefined) return undefined;
      this.#numHere = 0;
      if (this.#begin(candidate)) return candidate;
    }
  }

  #begin(candidate: Candidate): boolean {
    const attempt = candidate.health.begin(candidate.lastResort, this.#plan.stream);
    if (attempt === undefined) return false;
    this.#numAttempts++;
    this.#numHere++;
    this.#current = { candidate, attempt, startedAt: this.#clock(), firstTokenSeen: false };
    return true;
  }

  #end(): Running {
    const current = this.#current;
    if (current === undefined) throw new Error("An attempt was ended that was not begun.");
    this.#current = undefined;
    return current;
  }
}

async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
}
