// Whether a failed request is tried again, where, and after how long. A pure function of the error and of what
// was tried so far; `attempts.ts` keeps that and acts on it. Only asked before the first byte of an answer
// reached the client.
import { HomegrownError } from "@homegrown/contracts";
import { UPSTREAM_FAULTS, UpstreamError } from "../core/upstream-errors.ts";
import type { UpstreamFault } from "../core/upstream-errors.ts";
import type { Random } from "./clock.ts";
import type { RetrySettings } from "./route-settings.ts";

export interface RetryState {
  settings: RetrySettings;
  /** Attempts made, all targets together; at least 1. */
  attempts: number;
  /** Of those, at the target that failed last. */
  attemptsHere: number;
  /** Whether there are candidates that this request has not tried. */
  othersLeft: boolean;
  /** Of the route's total time. */
  remainingMs: number;
  budgetIsEmpty: boolean;
}

export type NextAttempt = { kind: "again"; delayMs: number } | { kind: "next" } | { kind: "give-up" };

/**
 * Where a fault may be tried again. `here`: at the same target, in a moment. `alone`: there only when nobody
 * else is left, because it already took long. `elsewhere`: the same target will say the same.
 */
const PLACES: { readonly [F in UpstreamFault]: "here" | "alone" | "elsewhere" } = {
  refused: "here",
  reset: "here",
  "connect-timeout": "alone",
  "first-token-timeout": "alone",
  "total-timeout": "elsewhere",
  stalled: "elsewhere",
  malformed: "here",
  "too-large": "elsewhere",
  redirect: "elsewhere",
  "rate-limited": "here",
  overloaded: "here",
  "server-error": "here",
  unauthenticated: "elsewhere",
  "not-found": "elsewhere",
  rejected: "elsewhere",
  "cut-short": "here",
  "content-filter": "elsewhere",
};

export function nextAttempt(error: unknown, state: RetryState, random: Random): NextAttempt {
  const { settings, attempts, remainingMs, othersLeft } = state;
  if (!isRetryable(error) || attempts >= settings.maxAttempts || remainingMs <= 0) return { kind: "give-up" };
  const elsewhere: NextAttempt = othersLeft ? { kind: "next" } : { kind: "give-up" };
  const place = error instanceof UpstreamError ? PLACES[error.fault] : "here";
  if (place === "elsewhere" || (place === "alone" && othersLeft)) return elsewhere;
  if (othersLeft && state.attemptsHere > settings.sameTarget) return elsewhere;
  if (state.budgetIsEmpty) return elsewhere;
  const delayMs = delayOf(error, state, random);
  return delayMs === undefined || delayMs >= remainingMs ? elsewhere : { kind: "again", delayMs };
}

function isRetryable(error: unknown): boolean {
  if (error instanceof UpstreamError) return UPSTREAM_FAULTS[error.fault].retryable;
  return error instanceof HomegrownError && error.retryable;
}

/** Undefined where the target asks for more patience than there is: less of it while others are waiting. */
function delayOf(error: unknown, state: RetryState, random: Random): number | undefined {
  const { baseMs, maxMs, maxRetryAfterMs } = state.settings;
  // Full jitter: anything from 0 to the bound, so that many who failed together do not come back together.
  const backoffMs = random() * Math.min(maxMs, baseMs * 2 ** (state.attemptsHere - 1));
  const retryAfterMs = error instanceof UpstreamError ? error.retryAfterMs : undefined;
  if (retryAfterMs === undefined) return backoffMs;
  const patienceMs = state.othersLeft ? Math.min(maxMs, maxRetryAfterMs) : maxRetryAfterMs;
  return retryAfterMs <= patienceMs ? retryAfterMs + random() * baseMs : undefined;
}
