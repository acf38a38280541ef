// A circuit breaker: closed → open after too many failures in a window → half-open once the pause is over →
// closed after some probes succeeded, open for longer after one failed.
import type { Clock, Random } from "./clock.ts";
import type { BreakerSettings } from "./route-settings.ts";

export type BreakerState = "closed" | "open" | "half-open";

/** `neutral` says nothing of the target: the client left, or the request never reached it. */
export type Verdict = "success" | "failure" | "neutral";

/** What a started attempt must be told how it ended with; see `Breaker.end`. */
export interface Attempt {
  readonly kind: "normal" | "probe" | "last-resort";
  /** Grows with every change of state: what started before a change says nothing about the time after. */
  readonly epoch: number;
}

const NUM_SLOTS = 10;
const JITTER = 0.2;

export class Breaker {
  readonly settings: BreakerSettings;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #window: SlidingCounts;
  #state: BreakerState = "closed";
  #epoch = 0;
  #reopensAt = 0;
  #timesOpened = 0;
  #probesRunning = 0;
  #probeStartedAt = 0;
  #probesSucceeded = 0;
  #lastResortsRunning = 0;

  constructor(settings: BreakerSettings, clock: Clock, random: Random) {
    this.settings = settings;
    this.#clock = clock;
    this.#random = random;
    this.#window = new SlidingCounts(settings.windowMs / NUM_SLOTS);
  }

  /** Where it stands now. A pause that is over shows as half-open. */
  get state(): BreakerState {
    if (this.#state === "open" && this.#clock() >= this.#reopensAt) return "half-open";
    return this.#state;
  }

  /** How long it stays open, in milliseconds; 0 unless it is. */
  get pauseMs(): number {
    return this.#state === "open" ? Math.max(0, this.#reopensAt - this.#clock()) : 0;
  }

  /** Whether `begin` would let a request through now. */
  get admits(): boolean {
    return this.#state === "closed" || (this.state === "half-open" && this.#hasFreeProbe());
  }

  /**
   * Asks for leave to try. Undefined means no. `lastResort`: nobody else is left, so the target is tried though
   * it is open, by so many at once as the settings say. What was begun must be ended.
   */
  begin(lastResort: boolean): Attempt | undefined {
    if (this.#state === "closed") return { kind: "normal", epoch: this.#epoch };
    if (this.#state === "open" && this.#clock() >= this.#reopensAt) this.#move("half-open");
    if (this.#state === "half-open" && this.#hasFreeProbe()) {
      this.#probesRunning++;
      this.#probeStartedAt = this.#clock();
      return { kind: "probe", epoch: this.#epoch };
    }
    if (!lastResort || this.#lastResortsRunning >= this.settings.lastResort) return undefined;
    this.#lastResortsRunning++;
    return { kind: "last-resort", epoch: this.#epoch };
  }

  /** `retryAfterMs`: how long the target asked to be left alone. */
  end(attempt: Attempt, verdict: Verdict, retryAfterMs = 0): void {
    if (attempt.kind === "last-resort") this.#lastResortsRunning--;
    if (attempt.epoch !== this.#epoch) return;
    if (attempt.kind === "normal") this.#count(verdict, retryAfterMs);
    else if (attempt.kind === "probe") this.#judgeProbe(verdict, retryAfterMs);
    else if (verdict === "success") this.#closeEarly();
  }

  #count(verdict: Verdict, retryAfterMs: number): void {
    if (verdict === "neutral") return;
    const { failures, ratio } = this.settings;
    const counts = this.#window.add(this.#clock(), verdict === "failure");
    if (verdict !== "failure" || counts.failures < failures) return;
    if (counts.failures >= ratio * counts.total) this.#open(retryAfterMs);
  }

  #judgeProbe(verdict: Verdict, retryAfterMs: number): void {
    this.#probesRunning--;
    if (verdict === "failure") this.#open(retryAfterMs);
    else if (verdict === "success" && ++this.#probesSucceeded >= this.settings.successes) this.#close();
  }

  /** Somebody got through while it was open: from now on probes may, without waiting for the pause to end. */
  #closeEarly(): void {
    if (this.#state === "open") this.#move("half-open");
  }

  #open(retryAfterMs: number): void {
    const { openMs, maxOpenMs } = this.settings;
    const pause = Math.min(openMs * 2 ** Math.min(this.#timesOpened, 30), maxOpenMs);
    const jittered = pause * (1 - JITTER + 2 * JITTER * this.#random());
    this.#timesOpened++;
    this.#reopensAt = this.#clock() + Math.max(jittered, Math.min(retryAfterMs, maxOpenMs));
    this.#move("open");
  }

  #close(): void {
    this.#timesOpened = 0;
    this.#window.clear();
    this.#move("closed");
  }

  #move(state: BreakerState): void {
    this.#state = state;
    this.#epoch++;
    this.#probesRunning = 0;
    this.#probesSucceeded = 0;
  }

  /** A probe that has not come back for a long time does not keep the target out for ever. */
  #hasFreeProbe(): boolean {
    if (this.#state !== "half-open") return true;
    const lost = this.#clock() - this.#probeStartedAt > this.settings.maxOpenMs;
    if (lost && this.#probesRunning > 0) this.#move("half-open");
    return this.#probesRunning < this.settings.probes;
  }
}

/** Successes and failures of the last `NUM_SLOTS` slots of time. */
class SlidingCounts {
  readonly #slotMs: number;
  readonly #slots = Array.from({ length: NUM_SLOTS }, () => ({ slot: -1, total: 0, failures: 0 }));

  constructor(slotMs: number) {
    this.#slotMs = slotMs;
  }

  add(now: number, failed: boolean): { total: number; failures: number } {
    const slot = Math.floor(now / this.#slotMs);
    const entry = this.#slots[((slot % NUM_SLOTS) + NUM_SLOTS) % NUM_SLOTS]!;
    if (entry.slot !== slot) Object.assign(entry, { slot, total: 0, failures: 0 });
    entry.total++;
    if (!failed) return entry;
    entry.failures++;
    const sum = { total: 0, failures: 0 };
    for (const recent of this.#slots) {
      if (recent.slot <= slot - NUM_SLOTS || recent.slot > slot) continue;
      sum.total += recent.total;
      sum.failures += recent.failures;
    }
    return sum;
  }

  clear(): void {
    for (const entry of this.#slots) Object.assign(entry, { slot: -1, total: 0, failures: 0 });
  }
}
