import type { PermitState } from "../../core/accounts.ts";

/** OpenAI's `x-ratelimit-*` headers; its clients slow themselves down by them. */
export function renderLimitHeaders(state: Partial<PermitState>): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const kind of ["requests", "tokens"] as const) {
    const limit = state[kind];
    if (!limit) continue;
    headers[`x-ratelimit-limit-${kind}`] = String(Math.floor(limit.limit));
    headers[`x-ratelimit-remaining-${kind}`] = String(Math.max(0, Math.floor(limit.remaining)));
    headers[`x-ratelimit-reset-${kind}`] = toDuration(limit.resetSeconds);
  }
  return headers;
}

/** As OpenAI writes durations: `17ms`, `1.5s`, `6m0s`, `1h0m0s`. */
function toDuration(seconds: number): string {
  const ms = Math.max(0, Math.ceil(seconds * 1000));
  if (ms < 1000) return `${ms}ms`;
  if (ms < 60_000) return `${ms / 1000}s`;
  const whole = Math.ceil(ms / 1000);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return `${hours > 0 ? `${hours}h` : ""}${minutes}m${whole % 60}s`;
}
