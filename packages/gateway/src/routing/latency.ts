// How fast a target answers, as an average that forgets. What it says of a target that was not tried for a
// while shrinks with time, so that one that was slow is looked at again: by one request, because trying sets the
// time back before its answer is there.
import type { Clock } from "./clock.ts";

/** Weight of the newest answer among those that came shortly before. */
const ALPHA = 0.2;
/** An average that nobody refreshed counts half after this time. */
const HALF_LIFE_MS = 30_000;
/** What a target counts that was tried and has never answered. */
const UNKNOWN_MS = 30_000;

export class Latency {
  readonly #clock: Clock;
  #averageMs: number | undefined;
  #recordedAt = 0;
  #triedAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Average of the answers so far, in milliseconds. */
  get averageMs(): number | undefined {
    return this.#averageMs;
  }

  try(): void {
    this.#triedAt = this.#clock();
  }

  record(ms: number): void {
    if (!(ms >= 0 && ms < Infinity)) return;
    const now = this.#clock();
    // What was known a while ago counts less, so that one answer is enough to see that a target recovered.
    const alpha = 1 - (1 - ALPHA) * halve(now - this.#recordedAt);
    this.#averageMs = this.#averageMs === undefined ? ms : this.#averageMs + alpha * (ms - this.#averageMs);
    this.#recordedAt = now;
  }

  /** Less is better; 0 for a target that was never tried. */
  get score(): number {
    if (this.#triedAt === undefined) return 0;
    return (this.#averageMs ?? UNKNOWN_MS) * halve(this.#clock() - this.#triedAt);
  }
}

function halve(idleMs: number): number {
  return 2 ** (-Math.max(0, idleMs) / HALF_LIFE_MS);
}
