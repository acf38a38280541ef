/** Longer waits are no answer to a request that is open now; routing treats them as this long. */
const MAX_RETRY_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * How long a provider asks to wait, in milliseconds from `now`: `retry-after-ms` (OpenAI, Azure), or
 * `retry-after` in seconds or as an HTTP date (RFC 9110, 10.2.3). Undefined where it says nothing that can be read.
 */
export function parseRetryAfter(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  now: number = Date.now(),
): number | undefined {
  const milliseconds = toNumber(headers["retry-after-ms"]);
  if (milliseconds !== undefined) return bound(milliseconds);
  const seconds = toNumber(headers["retry-after"]);
  if (seconds !== undefined) return bound(seconds * 1000);
  const text = single(headers["retry-after"]);
  // A date has a month's name; what else Date.parse reads is not an HTTP date.
  const date = text !== undefined && /[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : bound(date - now);
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value.trim() : value?.[0]?.trim();
}

function toNumber(value: string | readonly string[] | undefined): number | undefined {
  const text = single(value);
  return text !== undefined && /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : undefined;
}

function bound(milliseconds: number): number {
  return Math.min(Math.max(0, Math.ceil(milliseconds)), MAX_RETRY_AFTER_MS);
}
