import type { UpstreamError, UpstreamFault } from "../../core/upstream-errors.ts";

/**
 * RFC 9110 section 15.6: 502 where the provider answered badly or not at all, 504 where it took too long, 503
 * where it asks to be left alone. Our own quarrels with a provider (credential, name) are no fault of the
 * client's, so never its 401 or 404.
 */
const STATUS_OF_FAULT: { readonly [Fault in UpstreamFault]: number } = {
  refused: 502,
  reset: 502,
  "connect-timeout": 504,
  "first-token-timeout": 504,
  "total-timeout": 504,
  stalled: 504,
  malformed: 502,
  "too-large": 502,
  redirect: 502,
  "rate-limited": 429,
  overloaded: 503,
  "server-error": 502,
  unauthenticated: 502,
  "not-found": 502,
  rejected: 400,
  "cut-short": 502,
  "content-filter": 400,
};

/** Statuses that say more about a request than 400 does. */
const EXACT_REJECTIONS: ReadonlySet<number> = new Set([409, 413, 415, 422]);

export function statusOfFault({ fault, status }: Pick<UpstreamError, "fault" | "status">): number {
  if (fault === "rejected" && status !== undefined && EXACT_REJECTIONS.has(status)) return status;
  return STATUS_OF_FAULT[fault];
}
