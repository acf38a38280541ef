import type { PermitState } from "../../core/accounts.ts";

/**
 * Anthropic's `anthropic-ratelimit-*` headers.
 * https://platform.claude.com/docs/en/api/rate-limits#response-headers
 */
export function renderLimitHeaders(
  state: PermitState,
  nowMs: number = Date.now(),
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const kind of ["requests", "tokens"] as const) {
    const limit = state[kind];
    if (!limit) continue;
    headers[`anthropic-ratelimit-${kind}-limit`] = String(Math.floor(limit.limit));
    headers[`anthropic-ratelimit-${kind}-remaining`] = String(Math.max(0, Math.floor(limit.remaining)));
    // RFC 3339 in whole seconds, rounded up: who waits until then has waited long enough.
    const seconds = Math.ceil(nowMs / 1000 + Math.max(0, limit.resetSeconds));
    headers[`anthropic-ratelimit-${kind}-reset`] = new Date(seconds * 1000)
      .toISOString()
      .replace(".000Z", "Z");
  }
  return headers;
}
