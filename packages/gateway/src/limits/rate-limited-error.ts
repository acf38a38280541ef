import { HomegrownError } from "@homegrown/contracts";

export type LimitScope = "key" | "team";
export type LimitName = "requests" | "tokens" | "streams";

export interface RateLimit {
  scope: LimitScope;
  name: LimitName;
  limit: number;
  remaining: number;
  /** Until the same request would be admitted. */
  waitMs: number;
  /** Until everything is available again. */
  resetMs: number;
}

const UNITS: Record<LimitName, string> = {
  requests: "requests per minute",
  tokens: "tokens per minute",
  streams: "streams at once",
};

export function rateLimitedError({
  scope,
  name,
  limit,
  remaining,
  waitMs,
  resetMs,
}: RateLimit): HomegrownError {
  const whole = Math.floor(limit);
  return new HomegrownError({
    code: "gateway/rate-limited",
    kind: "overloaded",
    message: `this ${scope}'s limit of ${whole} ${UNITS[name]} is reached`,
    hint:
      name === "streams"
        ? "End a stream, or wait until one has ended, and send the request again."
        : "Wait as Retry-After says, then send the request again; ask for a higher limit if it happens often.",
    retryable: true,
    details: {
      scope,
      name,
      limit: whole,
      remaining: Math.max(0, Math.floor(remaining)),
      resetSeconds: Math.ceil(resetMs / 1000),
      retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
    },
  });
}
