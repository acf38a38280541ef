import { isUtf8 } from "node:buffer";
import { errorNames, errorStatus, faultOfAnswer } from "../provider-fault.ts";
import { parseRetryAfter } from "../retry-after.ts";
import { UpstreamError } from "../upstream-errors.ts";

/** A provider's answer that is no answer: an error status, an error under a good one, or junk. */
export function toStatusError(
  target: string,
  status: number,
  headers: Readonly<Record<string, string | string[]>>,
  body: Buffer,
): UpstreamError {
  const isGood = status >= 200 && status < 300;
  const parsed = parseError(body);
  const fault =
    isGood && parsed === undefined
      ? "malformed"
      : faultOfAnswer(isGood ? errorStatus(parsed) : status, errorNames(parsed));
  const retryAfterMs = parseRetryAfter(headers);
  return new UpstreamError({
    fault,
    target,
    status,
    // The provider's own words may quote the prompt: they go to the client, in `providerError`, and to no log.
    message: !isGood
      ? `it answered ${status}`
      : parsed === undefined
        ? "its answer has another form than was asked for"
        : `it answered ${status} with an error inside`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    // What it says of our credential may quote that credential, and is no client's business.
    ...(parsed !== undefined && fault !== "unauthenticated" && { providerError: parsed }),
  });
}

function parseError(body: Buffer): object | undefined {
  if (!isUtf8(body)) return undefined;
  try {
    const value = JSON.parse(body.toString("utf8")) as unknown;
    return typeof value === "object" && value !== null && "error" in value ? value : undefined;
  } catch {
    return undefined;
  }
}
