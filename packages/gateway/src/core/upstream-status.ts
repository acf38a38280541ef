// From a provider's HTTP answer to our vocabulary of faults; for bytes that pass through and for ports alike.
import type { UpstreamFault } from "./upstream-errors.ts";

/** RFC 9110 section 15; 529 is Anthropic's "overloaded". */
export function faultOfStatus(status: number): UpstreamFault {
  if (status >= 300 && status < 400) return "redirect";
  switch (status) {
    case 401:
    case 403:
      return "unauthenticated";
    case 404:
      return "not-found";
    case 408:
    case 504:
    case 524:
      return "first-token-timeout";
    case 429:
      return "rate-limited";
    case 503:
    case 529:
      return "overloaded";
    default:
      return status >= 500 ? "server-error" : "rejected";
  }
}

/**
 * How long a provider asks to wait: `retry-after-ms` (OpenAI, Azure), or `retry-after` in seconds or as a date
 * (RFC 9110 section 10.2.3). Undefined where it says nothing that can be read.
 */
export function readRetryAfterMs(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  nowMs: number,
): number | undefined {
  const milliseconds = Number(first(headers["retry-after-ms"]) || Number.NaN);
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return milliseconds;
  const text = first(headers["retry-after"]);
  if (text === undefined || text === "") return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** The `error` of a body in OpenAI's, Anthropic's or a similar shape; undefined where there is none. */
export function readProviderError(
  body: unknown,
): { message: string; type?: string; code?: string } | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const error = (body as Record<string, unknown>)["error"];
  if (typeof error === "string") return { message: error };
  if (typeof error !== "object" || error === null) return undefined;
  const { message, type, code } = error as Record<string, unknown>;
  return {
    message: typeof message === "string" ? message.slice(0, 2000) : "The provider gave no reason.",
    ...(typeof type === "string" && { type }),
    ...((typeof code === "string" || typeof code === "number") && { code: String(code) }),
  };
}
