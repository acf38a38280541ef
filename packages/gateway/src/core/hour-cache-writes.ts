/**
 * Tokens written to a prompt cache that keeps them for an hour, from a provider's own usage object: Anthropic's
 * `cache_creation.ephemeral_1h_input_tokens`, or Bedrock's `cacheDetails` with `ttl: "1h"`. 0 where it names none.
 */
export function hourCacheWrites(usage: unknown): number {
  const { cache_creation: creation, cacheDetails: details } = (usage ?? {}) as {
    cache_creation?: { ephemeral_1h_input_tokens?: unknown } | null;
    cacheDetails?: unknown;
  };
  const written = Number(creation?.ephemeral_1h_input_tokens ?? 0);
  let total = Number.isSafeInteger(written) && written > 0 ? written : 0;
  if (!Array.isArray(details)) return total;
  for (const detail of details as ({ ttl?: unknown; inputTokens?: unknown } | null)[]) {
    const tokens = Number(detail?.inputTokens);
    if (detail?.ttl === "1h" && Number.isSafeInteger(tokens) && tokens > 0) total += tokens;
  }
  return total;
}
