// Limits on requests and tokens per minute and on concurrent streams, for each key and, where configured, for
// each team. They are kept in memory: with several instances each allows its share, the limit divided by how
// many live but at least one, so that together they allow the limit when the load is spread, and less when not.
import { SYSTEM_CLOCK } from "../state/clock.ts";
import type { Clock } from "../state/clock.ts";
import type { Key, KeyLimits } from "../core/key.ts";
import { rateLimitedError } from "./rate-limited-error.ts";
import type { LimitName, LimitScope } from "./rate-limited-error.ts";
import { TokenBucket } from "./token-bucket.ts";

export interface LimiterOptions {
  clock?: Clock;
  /** Undefined for teams without limits of their own. */
  teamLimits?: (team: string) => KeyLimits | undefined;
}

/** What the standard headers say; undefined where no such limit applies. With two scopes, the tighter one. */
export interface PermitState {
  requests: LimitState | undefined;
  tokens: LimitState | undefined;
}

export interface LimitState {
  limit: number;
  remaining: number;
  /** Until `remaining` is `limit` again. */
  resetSeconds: number;
}

export interface Permit {
  readonly state: PermitState;
  /** Exactly once, when the request has ended, whatever became of it: corrects the tokens, frees the stream. */
  settle(actualTokens: number): void;
}

export interface Asked {
  /** Upper bound of what the request will use, input and output. */
  tokens: number;
  stream: boolean;
}

interface Meter {
  scope: LimitScope;
  limits: KeyLimits;
  requests: TokenBucket | undefined;
  tokens: TokenBucket | undefined;
  maxStreams: number;
  numStreams: number;
}

const NO_LIMITS: Permit = { state: { requests: undefined, tokens: undefined }, settle: () => {} };
/** Meters that are kept before idle ones are looked for: those that are full say nothing. */
const MAX_IDLE_METERS = 10_000;

export class Limiter {
  #clock: Clock;
  #teamLimits: (team: string) => KeyLimits | undefined;
  #meters = new Map<string, Meter>();
  #sweepAt = MAX_IDLE_METERS;
  #numInstances = 1;

  constructor(options: LimiterOptions = {}) {
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#teamLimits = options.teamLimits ?? (() => undefined);
  }

  /** How many keys and teams have something counted. */
  get numMeters(): number {
    return this.#meters.size;
  }

  /** How many gateways share the limits, this one included. */
  setInstances(numInstances: number): void {
    if (numInstances === this.#numInstances) return;
    this.#numInstances = Math.max(1, numInstances);
    for (const meter of this.#meters.values()) this.#fit(meter, meter.limits);
  }

  /** What a request of this key would be told if it were refused now; undefined where no limit applies. */
  stateOf(key: Key): PermitState | undefined {
    const { ofKey, ofTeam } = this.#metersOf(key);
    if (ofKey === undefined && ofTeam === undefined) return undefined;
    return toPermitState(ofKey, ofTeam, this.#clock.monotonicMs());
  }

  /** Throws `gateway/rate-limited`; what is refused uses nothing up. */
  admit(key: Key, asked: Asked): Permit {
    const { ofKey, ofTeam } = this.#metersOf(key);
    if (ofKey === undefined && ofTeam === undefined) return NO_LIMITS;
    const nowMs = this.#clock.monotonicMs();
    if (ofKey !== undefined) check(ofKey, asked, nowMs);
    if (ofTeam !== undefined) check(ofTeam, asked, nowMs);
    return new MeteredPermit(this.#clock, ofKey, ofTeam, asked);
  }

  #metersOf(key: Key): { ofKey: Meter | undefined; ofTeam: Meter | undefined } {
    const teamLimits = key.team === undefined ? undefined : this.#teamLimits(key.team);
    return {
      ofKey: this.#meter("key", key.id, key.limits),
      ofTeam: teamLimits && this.#meter("team", key.team!, teamLimits),
    };
  }

  #meter(scope: LimitScope, id: string, limits: KeyLimits): Meter | undefined {
    const name = `${scope}:${id}`;
    const known = this.#meters.get(name);
    if (known !== undefined && known.limits === limits) return known;
    const { requestsPerMinute, tokensPerMinute, concurrentStreams } = limits;
    if (requestsPerMinute === undefined && tokensPerMinute === undefined && concurrentStreams === undefined) {
      // A stream that is still open settles on the meter it was admitted by.
      if (known !== undefined) this.#meters.delete(name);
      return undefined;
    }
    if (known !== undefined) return this.#fit(known, limits);
    const empty = { scope, limits, requests: undefined, tokens: undefined, maxStreams: 0, numStreams: 0 };
    const meter = this.#fit(empty, limits);
    this.#meters.set(name, meter);
    if (this.#meters.size > this.#sweepAt) this.#sweep();
    return meter;
  }

  #fit(meter: Meter, limits: KeyLimits): Meter {
    meter.limits = limits;
    meter.requests = this.#fitBucket(meter.requests, limits.requestsPerMinute);
    meter.tokens = this.#fitBucket(meter.tokens, limits.tokensPerMinute);
    const { concurrentStreams } = limits;
    meter.maxStreams =
      concurrentStreams === undefined
        ? Infinity
        : Math.max(1, Math.floor(concurrentStreams / this.#numInstances));
    return meter;
  }

  #fitBucket(bucket: TokenBucket | undefined, perMinute: number | undefined): TokenBucket | undefined {
    if (perMinute === undefined) return undefined;
    const share = Math.max(1, perMinute / this.#numInstances);
    if (bucket === undefined) return new TokenBucket(share, this.#clock.monotonicMs());
    bucket.level(this.#clock.monotonicMs());
    bucket.resize(share);
    return bucket;
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [name, { requests, tokens, numStreams }] of this.#meters) {
      const isFull = [requests, tokens].every((one) => one === undefined || one.level(nowMs) >= one.capacity);
      if (isFull && numStreams === 0) this.#meters.delete(name);
    }
    this.#sweepAt = Math.max(MAX_IDLE_METERS, this.#meters.size * 2);
  }
}

function check(meter: Meter, { tokens, stream }: Asked, nowMs: number): void {
  const refuse = (name: LimitName, limit: number, remaining: number, waitMs: number, resetMs: number) =>
    rateLimitedError({ scope: meter.scope, name, limit, remaining, waitMs, resetMs });
  if (meter.requests !== undefined && meter.requests.level(nowMs) < 1) {
    const { capacity } = meter.requests;
    throw refuse(
      "requests",
      capacity,
      meter.requests.level(nowMs),
      meter.requests.waitMs(1, nowMs),
      meter.requests.waitMs(capacity, nowMs),
    );
  }
  if (meter.tokens !== undefined) {
    const { capacity } = meter.tokens;
    const needed = neededTokens(tokens, capacity);
    if (meter.tokens.level(nowMs) < needed) {
      throw refuse(
        "tokens",
        capacity,
        meter.tokens.level(nowMs),
        meter.tokens.waitMs(needed, nowMs),
        meter.tokens.waitMs(capacity, nowMs),
      );
    }
  }
  if (stream && meter.numStreams >= meter.maxStreams) {
    throw refuse("streams", meter.maxStreams, 0, 1000, 1000);
  }
}

/** The bound of a long prompt may lie above the limit though its tokens do not: it needs a full bucket. */
function neededTokens(tokens: number, capacity: number): number {
  return Math.min(tokens, capacity);
}

class MeteredPermit implements Permit {
  #clock: Clock;
  #ofKey: Meter | undefined;
  #ofTeam: Meter | undefined;
  #stream: boolean;
  #keyTokens: number;
  #teamTokens: number;
  #settled = false;

  constructor(clock: Clock, ofKey: Meter | undefined, ofTeam: Meter | undefined, asked: Asked) {
    this.#clock = clock;
    this.#ofKey = ofKey;
    this.#ofTeam = ofTeam;
    this.#stream = asked.stream;
    this.#keyTokens = use(ofKey, asked);
    this.#teamTokens = use(ofTeam, asked);
  }

  get state(): PermitState {
    return toPermitState(this.#ofKey, this.#ofTeam, this.#clock.monotonicMs());
  }

  settle(actualTokens: number): void {
    if (this.#settled) throw new Error("a permit is settled once");
    this.#settled = true;
    const nowMs = this.#clock.monotonicMs();
    giveBack(this.#ofKey, this.#keyTokens - actualTokens, this.#stream, nowMs);
    giveBack(this.#ofTeam, this.#teamTokens - actualTokens, this.#stream, nowMs);
  }
}

/** Returns the tokens that were taken. */
function use(meter: Meter | undefined, { tokens, stream }: Asked): number {
  if (meter === undefined) return 0;
  meter.requests?.take(1);
  if (stream) meter.numStreams += 1;
  if (meter.tokens === undefined) return 0;
  const taken = neededTokens(tokens, meter.tokens.capacity);
  meter.tokens.take(taken);
  return taken;
}

function giveBack(meter: Meter | undefined, tokens: number, stream: boolean, nowMs: number): void {
  if (meter === undefined) return;
  if (stream) meter.numStreams -= 1;
  if (meter.tokens === undefined) return;
  meter.tokens.level(nowMs);
  meter.tokens.take(-tokens);
}

function toPermitState(ofKey: Meter | undefined, ofTeam: Meter | undefined, nowMs: number): PermitState {
  return {
    requests: tighter(toState(ofKey?.requests, nowMs), toState(ofTeam?.requests, nowMs)),
    tokens: tighter(toState(ofKey?.tokens, nowMs), toState(ofTeam?.tokens, nowMs)),
  };
}

function toState(bucket: TokenBucket | undefined, nowMs: number): LimitState | undefined {
  if (bucket === undefined) return undefined;
  return {
    limit: Math.floor(bucket.capacity),
    remaining: Math.max(0, Math.floor(bucket.level(nowMs))),
    resetSeconds: bucket.waitMs(bucket.capacity, nowMs) / 1000,
  };
}

function tighter(a: LimitState | undefined, b: LimitState | undefined): LimitState | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.remaining <= b.remaining ? a : b;
}
