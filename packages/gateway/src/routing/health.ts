// What is known of each target: whether it is worth asking, and how fast it answers. Routes with equal breaker
// settings share what they know of a target; a new configuration takes it over.
import { HomegrownError } from "@homegrown/contracts";
import { UPSTREAM_FAULTS, UpstreamError } from "../core/upstream-errors.ts";
import { Breaker } from "./breaker.ts";
import type { Attempt, BreakerState, Verdict } from "./breaker.ts";
import { toMonotonic } from "./clock.ts";
import type { Clock, Random } from "./clock.ts";
import { Latency } from "./latency.ts";
import type { BreakerSettings } from "./route-settings.ts";

export interface HealthStatus {
  target: string;
  state: BreakerState;
  /** How long it stays open. */
  pauseMs: number;
  /** How long it asked to be spared, with a rate limit. */
  restMs: number;
  /** Average time to the first token of streams, and to the end of whole answers. */
  firstTokenMs: number | undefined;
  wholeAnswerMs: number | undefined;
}

/** Nobody is spared for longer, whatever a Retry-After says. */
const MAX_REST_MS = 60_000;
/** Where clients may name targets themselves, their names must not fill the memory; the oldest goes. */
const MAX_ENTRIES = 4096;

export class TargetHealth {
  readonly target: string;
  readonly breaker: Breaker;
  readonly firstToken: Latency;
  readonly wholeAnswer: Latency;
  readonly #clock: Clock;
  #restsUntil = 0;

  constructor(target: string, settings: BreakerSettings, clock: Clock, random: Random) {
    this.target = target;
    this.#clock = clock;
    this.breaker = new Breaker(settings, clock, random);
    this.firstToken = new Latency(clock);
    this.wholeAnswer = new Latency(clock);
  }

  /** The target asked for a pause with its rate limit: not ill, but others go first. */
  get restMs(): number {
    return this.#restsUntil === 0 ? 0 : Math.max(0, this.#restsUntil - this.#clock());
  }

  /** Before every attempt; undefined where the breaker says no. */
  begin(lastResort: boolean, stream: boolean): Attempt | undefined {
    const attempt = this.breaker.begin(lastResort);
    if (attempt !== undefined) (stream ? this.firstToken : this.wholeAnswer).try();
    return attempt;
  }

  succeed(attempt: Attempt): void {
    this.#restsUntil = 0;
    this.breaker.end(attempt, "success");
  }

  /** An error that says nothing of the target, the client's leaving for one, only gives the attempt back. */
  fail(attempt: Attempt, error: unknown): void {
    const retryAfterMs = error instanceof UpstreamError ? (error.retryAfterMs ?? 0) : 0;
    if (retryAfterMs > 0) this.#restsUntil = this.#clock() + Math.min(retryAfterMs, MAX_REST_MS);
    this.breaker.end(attempt, judge(error), retryAfterMs);
  }

  abandon(attempt: Attempt): void {
    this.breaker.end(attempt, "neutral");
  }

  status(): HealthStatus {
    const { target, breaker, restMs } = this;
    const latencies = {
      firstTokenMs: this.firstToken.averageMs,
      wholeAnswerMs: this.wholeAnswer.averageMs,
    };
    return { target, state: breaker.state, pauseMs: breaker.pauseMs, restMs, ...latencies };
  }
}

/** A target that refuses a request answers, and is well; own models fail without a fault of the vocabulary. */
function judge(error: unknown): Verdict {
  if (error instanceof UpstreamError) return UPSTREAM_FAULTS[error.fault].unhealthy ? "failure" : "success";
  if (!(error instanceof HomegrownError)) return "neutral";
  return error.kind === "unavailable" ? "failure" : "neutral";
}

export class HealthRegistry {
  readonly clock: Clock;
  readonly random: Random;
  #entries = new Map<string, TargetHealth>();

  constructor(clock: Clock = () => performance.now(), random: Random = Math.random) {
    this.clock = toMonotonic(clock);
    this.random = random;
  }

  of(target: string, settings: BreakerSettings): TargetHealth {
    const key = `${target} ${JSON.stringify(settings)}`;
    let health = this.#entries.get(key);
    if (health === undefined) {
      health = new TargetHealth(target, settings, this.clock, this.random);
      this.#entries.set(key, health);
      if (this.#entries.size > MAX_ENTRIES) this.#entries.delete(this.#entries.keys().next().value!);
    }
    return health;
  }

  /** Forgets every other one, after a configuration was replaced. */
  retain(used: ReadonlySet<TargetHealth>): void {
    this.#entries = new Map([...this.#entries].filter(([, health]) => used.has(health)));
  }

  status(): HealthStatus[] {
    return [...this.#entries.values()].map((health) => health.status());
  }
}
