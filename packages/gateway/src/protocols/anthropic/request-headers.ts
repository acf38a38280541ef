import type { IncomingHttpHeaders } from "node:http";

/** Where Anthropic's SDKs look for an answer's id. */
export const REQUEST_ID = "request-id";

/** Headers that mean something to whoever speaks Anthropic's protocol, and nothing to the gateway. */
const FORWARDED = ["anthropic-version", "anthropic-beta"] as const;

/** What a provider of the same protocol gets to see of a client's headers. */
export function forwardedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const forwarded: Record<string, string> = {};
  for (const name of FORWARDED) {
    const value = headers[name];
    if (value !== undefined) forwarded[name] = Array.isArray(value) ? value.join(",") : value;
  }
  return forwarded;
}

/** Paths that both protocols have are answered in the one whose headers a client sends. */
export function speaksAnthropic(headers: IncomingHttpHeaders): boolean {
  return headers["anthropic-version"] !== undefined || headers["x-api-key"] !== undefined;
}
