// Errors as Anthropic's clients expect them: {type: "error", error: {type, message}, request_id}, and a status
// and headers from which they decide whether to try again. https://platform.claude.com/docs/en/api/errors
import { HomegrownError } from "@homegrown/contracts";
import type { ErrorKind } from "@homegrown/contracts";
import { readProviderError, saysContextExceeded } from "../../core/provider-error.ts";
import { UpstreamError } from "../../core/upstream-errors.ts";
import type { UpstreamFault } from "../../core/upstream-errors.ts";
import type { RenderedError } from "../../server/front.ts";
import { isObject } from "./block-fields.ts";
import { REQUEST_ID } from "./request-headers.ts";
import { toSentences } from "../error-sentences.ts";

const STATUS_OF_KIND: { readonly [Kind in ErrorKind]: number } = {
  "invalid-input": 400,
  unauthenticated: 401,
  forbidden: 403,
  "not-found": 404,
  conflict: 409,
  "too-large": 413,
  overloaded: 429,
  unavailable: 503,
  cancelled: 503,
  corrupt: 500,
  internal: 500,
};

/** Where HTTP or Anthropic has a more exact status than the kind of error has. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  "gateway/host-refused": 403,
  "gateway/origin-refused": 403,
  "gateway/method-not-allowed": 405,
  "gateway/request-timeout": 408,
  "gateway/unsupported-media-type": 415,
  "gateway/header-too-large": 431,
  // The gateway itself is full; 429 would speak of the caller's own limit.
  "gateway/too-many-requests": 529,
  "gateway/store-behind": 529,
};

/** Faults that are not the caller's are the gateway's to answer for: 502 rather than the provider's status. */
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
  overloaded: 529,
  "server-error": 502,
  unauthenticated: 502,
  "not-found": 502,
  rejected: 400,
  "cut-short": 502,
  "content-filter": 400,
};

const TYPE_OF_STATUS: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  409: "conflict_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

/** Names of our codes for a budget that is used up: 402, which no client tries again by itself. */
const BUDGET_CODE = /^gateway\/(?:budget|spend)-/;
const FULL = "prompt is too long";
const CONTEXT_CODE = /\/(?:context-(?:length-)?exceeded|prompt-too-long|conversation-too-long)$/;

export function renderError(thrown: unknown, requestId: string): RenderedError {
  const error = toKnown(thrown, requestId);
  const status = statusOf(error);
  const headers: Record<string, string> = { [REQUEST_ID]: requestId };
  if (status !== 402 && (error.kind === "overloaded" || error.retryable)) {
    headers["retry-after"] = retryAfter(error);
  } else if (isRetriedByDefault(status) || status === 402) {
    headers["x-should-retry"] = "false";
  }
  if (typeof error.details["allow"] === "string") headers["allow"] = error.details["allow"];
  return { status, headers, body: renderBody(error, status, requestId) };
}

/** The event that ends a broken stream; clients throw when they meet it. */
export function renderStreamError(thrown: unknown, requestId: string): string {
  const error = toKnown(thrown, requestId);
  return `event: error\ndata: ${renderBody(error, statusOf(error), requestId)}\n\n`;
}

/** The words of an error that we did not foresee stay in the server's log. */
function toKnown(thrown: unknown, requestId: string): HomegrownError {
  if (thrown instanceof HomegrownError) return thrown;
  return new HomegrownError({
    code: "internal/unexpected",
    kind: "internal",
    message: "The server failed in a way that it did not foresee.",
    hint: `Look for the request ${requestId} in the server's log.`,
    cause: thrown,
  });
}

function statusOf(error: HomegrownError): number {
  if (BUDGET_CODE.test(error.code)) return 402;
  if (isContextExceeded(error)) return 400;
  if (error instanceof UpstreamError) return STATUS_OF_FAULT[error.fault];
  return STATUS_OF_CODE[error.code] ?? STATUS_OF_KIND[error.kind];
}

function renderBody(error: HomegrownError, status: number, requestId: string): string {
  const own = providersOwn(error);
  return JSON.stringify({
    type: "error",
    error: own ?? { type: typeOf(status), message: messageOf(error), ...detailsOf(error) },
    request_id: requestId,
  });
}

/** Anthropic's SDKs run their tools in a thread that the server keeps, unless they are told that it keeps none. */
function detailsOf({ details }: HomegrownError): object | undefined {
  if (details["param"] !== "thread") return undefined;
  return { details: { error_code: "thread_unsupported_request", unsupported: ["thread"] } };
}

function typeOf(status: number): string {
  return TYPE_OF_STATUS[status] ?? (status >= 500 ? "api_error" : "invalid_request_error");
}

function messageOf(error: HomegrownError): string {
  const words = wordsOfProvider(error) ?? toSentences(error);
  // Agents know a full context by these words and make room.
  return isContextExceeded(error) && !words.startsWith(FULL) ? `${FULL}: ${words}` : words;
}

/** What a provider of another protocol said against the request: the client alone can act on it. */
function wordsOfProvider(error: HomegrownError): string | undefined {
  if (!(error instanceof UpstreamError)) return undefined;
  if (error.fault !== "rejected" && error.fault !== "content-filter") return undefined;
  return readProviderError(error.providerError)?.message;
}

/** What an Anthropic-compatible provider said of the request itself, in its own words and details. */
function providersOwn(error: HomegrownError): object | undefined {
  if (!(error instanceof UpstreamError) || error.fault !== "rejected") return undefined;
  const body = error.providerError;
  if (!isObject(body) || body["type"] !== "error" || !isObject(body["error"])) return undefined;
  const { type, message } = body["error"];
  return typeof type === "string" && typeof message === "string" ? body["error"] : undefined;
}

/** Whichever port it comes from: Anthropic answers a prompt that is too long with 400. */
function isContextExceeded(error: HomegrownError): boolean {
  if (error instanceof UpstreamError) {
    return error.fault === "rejected" && saysContextExceeded(error.providerError);
  }
  return CONTEXT_CODE.test(error.code);
}

/** Anthropic's SDKs try these again on their own, the AI SDK and LangChain nearly the same. */
function isRetriedByDefault(status: number): boolean {
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

function retryAfter(error: HomegrownError): string {
  const seconds = error.details["retryAfterSeconds"];
  return String(typeof seconds === "number" && seconds > 0 ? Math.ceil(seconds) : 1);
}
