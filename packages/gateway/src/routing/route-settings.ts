// The numbers of a route: each may be left out, in a route and in `defaults`, and then these hold.
import { z } from "zod";

const MAX_TIMER_MS = 2 ** 31 - 1;
const milliseconds = z.int().min(1).max(MAX_TIMER_MS);
const share = z.number().min(0).max(1);

const timeouts = z.strictObject({
  connectMs: milliseconds,
  /** From the request to the first token of a stream; of an answer that is not streamed, to its head. */
  firstTokenMs: milliseconds,
  /** All attempts together, to the last byte. */
  totalMs: milliseconds,
  /** Between two parts of a stream. */
  stallMs: milliseconds,
});
export type Timeouts = z.output<typeof timeouts>;
const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 5_000,
  firstTokenMs: 120_000,
  totalMs: 600_000,
  stallMs: 60_000,
};

const retry = z.strictObject({
  /** Including the first. 1 never tries again. */
  maxAttempts: z.int().min(1).max(10),
  /** Second tries at one target as a share of requests, over time; see `retry-budget.ts`. */
  budgetRatio: share,
  /** How often one target is tried again while others wait. */
  sameTarget: z.int().min(0).max(9),
  baseMs: milliseconds,
  maxMs: milliseconds,
  /** A target that asks for a longer wait is left for the next one. */
  maxRetryAfterMs: milliseconds,
});
export type RetrySettings = z.output<typeof retry>;
const DEFAULT_RETRY: RetrySettings = {
  maxAttempts: 3,
  budgetRatio: 0.2,
  sameTarget: 1,
  baseMs: 200,
  maxMs: 2_000,
  maxRetryAfterMs: 5_000,
};

const breaker = z.strictObject({
  /** Opens at this many failures within the window … */
  failures: z.int().min(1).max(100_000),
  /** … when they are also this share of what was tried. */
  ratio: share,
  windowMs: milliseconds,
  /** Doubled each time that a probe fails, up to `maxOpenMs`; ± 20 %, so that gateways do not probe in step. */
  openMs: milliseconds,
  maxOpenMs: milliseconds,
  /** Requests at once that find out whether the target is back. */
  probes: z.int().min(1).max(1000),
  /** Probes that must succeed before it closes. */
  successes: z.int().min(1).max(1000),
  /** Requests at once to an open target where no other is left; the rest is refused without waiting. */
  lastResort: z.int().min(0).max(100_000),
});
export type BreakerSettings = z.output<typeof breaker>;
const DEFAULT_BREAKER: BreakerSettings = {
  failures: 5,
  ratio: 0.5,
  windowMs: 30_000,
  openMs: 10_000,
  maxOpenMs: 120_000,
  probes: 2,
  successes: 2,
  lastResort: 32,
};

export const routeSettingsSchema = z.strictObject({
  timeouts: timeouts.partial().default({}),
  retry: retry.partial().default({}),
  breaker: breaker.partial().default({}),
});
/** As written: whatever is missing comes from `defaults`, and then from here. */
export type PartialRouteSettings = z.output<typeof routeSettingsSchema>;

export interface RouteSettings {
  timeouts: Timeouts;
  retry: RetrySettings;
  breaker: BreakerSettings;
}

/** Later ones win. */
export function resolveSettings(...layers: readonly PartialRouteSettings[]): RouteSettings {
  const settings = { timeouts: DEFAULT_TIMEOUTS, retry: DEFAULT_RETRY, breaker: DEFAULT_BREAKER };
  for (const layer of layers) {
    settings.timeouts = overlay(settings.timeouts, layer.timeouts);
    settings.retry = overlay(settings.retry, layer.retry);
    settings.breaker = overlay(settings.breaker, layer.breaker);
  }
  return settings;
}

function overlay<T extends object>(base: T, changes: { [K in keyof T]?: T[K] | undefined }): T {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return { ...base, ...(Object.fromEntries(given) as Partial<T>) };
}
