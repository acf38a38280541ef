import { isUtf8 } from "node:buffer";
import { UpstreamError } from "../upstream-errors.ts";
import { faultOfStatus, readProviderError, readRetryAfterMs } from "../upstream-status.ts";

/** A provider's answer that is no answer: an error status, an error under a good one, or junk. */
export function toStatusError(
  target: string,
  status: number,
  headers: Readonly<Record<string, string | string[]>>,
  body: Buffer,
): UpstreamError {
  const parsed = parse(body);
  const providerError = readProviderError(parsed);
  const isGood = status >= 200 && status < 300;
  const fault = !isGood
    ? faultOfStatus(status)
    : providerError
      ? faultInDisguise(providerError)
      : "malformed";
  const retryAfterMs = readRetryAfterMs(headers, Date.now());
  return new UpstreamError({
    fault,
    target,
    status,
    // The provider's own words may quote the prompt: they go to the client, in `providerError`, and to no log.
    message: !isGood
      ? `it answered ${status}`
      : providerError
        ? `it answered ${status} with an error inside`
        : "its answer has another form than was asked for",
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(parsed !== undefined && { providerError: parsed }),
  });
}

function faultInDisguise(error: {
  type?: string;
  code?: string;
}): "overloaded" | "rate-limited" | "rejected" | "server-error" {
  const words = `${error.type ?? ""} ${error.code ?? ""}`;
  if (words.includes("overloaded")) return "overloaded";
  if (/rate_limit|429/.test(words)) return "rate-limited";
  return /invalid_request|400/.test(words) ? "rejected" : "server-error";
}

function parse(body: Buffer): unknown {
  if (!isUtf8(body)) return undefined;
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
