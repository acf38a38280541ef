// Errors as OpenAI's clients expect them: {error: {message, type, param, code}} and a status from which
// they decide whether to try again.
import { HomegrownError } from "@homegrown/contracts";
import type { ErrorKind } from "@homegrown/contracts";
import { UpstreamError } from "../../core/upstream-errors.ts";
import { readProviderError, saysContextExceeded } from "../../core/provider-error.ts";
import type { RenderedError } from "../../server/front.ts";
import { statusOfFault } from "./upstream-statuses.ts";
import { toSentences } from "../error-sentences.ts";

const STATUS_OF_KIND: { [Kind in ErrorKind]: number } = {
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

/** Where HTTP, or OpenAI, has a more exact status than the kind of error has. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  "gateway/budget-exhausted": 429,
  "gateway/host-refused": 403,
  "gateway/origin-refused": 403,
  "gateway/method-not-allowed": 405,
  "gateway/request-timeout": 408,
  // The store is behind, not the caller too fast.
  "gateway/store-behind": 503,
  "gateway/unsupported-media-type": 415,
  "gateway/header-too-large": 431,
};

/** OpenAI's own names where it has one; every other error keeps ours. */
const OPENAI_CODE: Readonly<Record<string, string>> = {
  "gateway/budget-exhausted": "insufficient_quota",
  "gateway/model-not-found": "model_not_found",
  "gateway/previous-response-not-found": "previous_response_not_found",
  "gateway/rate-limited": "rate_limit_exceeded",
  "gateway/unknown-route": "unknown_url",
  "gateway/upstream-content-filter": "content_filter",
  "gateway/upstream-rate-limited": "rate_limit_exceeded",
  "gateway/no-capable-target": "unsupported_parameter",
  "serving/unsupported-tools": "unsupported_parameter",
  "serving/unsupported-content": "unsupported_parameter",
};

const CODE_OF_FAULT: Readonly<Record<string, string>> = {
  missing: "missing_required_parameter",
  type: "invalid_type",
  value: "invalid_value",
  unsupported: "unsupported_parameter",
};

/** Which parameter asks for what no model behind a name can do. */
const PARAM_OF_CODE: Readonly<Record<string, string>> = {
  "serving/unsupported-tools": "tools",
  "serving/unsupported-content": "messages",
};
const PARAM_OF_NEED: Readonly<Record<string, string>> = {
  tools: "tools",
  "structured output": "response_format",
  "log-probabilities": "logprobs",
  "image input": "messages",
  "audio input": "messages",
  "file input": "messages",
  "video input": "messages",
};

export function renderError(thrown: unknown, requestId: string): RenderedError {
  const error = toKnown(thrown, requestId);
  const headers: Record<string, string> = {};
  if (isOutOfQuota(error)) {
    // OpenAI's clients try every 429 again; no wait fills a budget.
    headers["x-should-retry"] = "false";
  } else if (error.kind === "overloaded" || error.retryable) {
    headers["retry-after"] = retryAfter(error);
  }
  if (typeof error.details["allow"] === "string") headers["allow"] = error.details["allow"];
  if (error.kind === "unauthenticated") headers["www-authenticate"] = "Bearer";
  return { status: statusOf(error), headers, body: renderBody(error) };
}

/** The event that ends a broken stream; clients throw when they meet it. */
export function renderStreamError(thrown: unknown, requestId: string): string {
  return `data: ${renderBody(toKnown(thrown, requestId))}\n\n`;
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

function renderBody(error: HomegrownError): string {
  const provided = providedBy(error);
  const { fault } = error.details;
  return JSON.stringify({
    error: {
      message: provided?.message ?? toSentences(error),
      type: typeOf(error),
      param: provided?.param ?? paramOf(error),
      code: isContextExceeded(error)
        ? "context_length_exceeded"
        : (provided?.code ??
          codeOfKind(error) ??
          CODE_OF_FAULT[String(fault)] ??
          OPENAI_CODE[error.code] ??
          error.code),
    },
  });
}

/**
 * What the provider itself said against the request: the client alone can act on it. What a provider says about
 * itself, its limits or our credential is between it and whoever runs this server.
 */
function providedBy(error: HomegrownError): { message: string; code?: string; param?: string } | undefined {
  if (!(error instanceof UpstreamError)) return undefined;
  if (error.fault !== "rejected" && error.fault !== "content-filter") return undefined;
  const provided = readProviderError(error.providerError);
  if (!provided) return undefined;
  const { message, code } = provided;
  const { param } = (error.providerError as { error: { param?: unknown } }).error;
  return {
    message,
    ...(code !== undefined && error.fault === "rejected" && { code }),
    ...(typeof param === "string" && { param }),
  };
}

function paramOf({ code, details }: HomegrownError): string | null {
  const { param, needs } = details;
  if (typeof param === "string" && param !== "") return param;
  const need = Array.isArray(needs) ? PARAM_OF_NEED[String(needs[0])] : undefined;
  return need ?? PARAM_OF_CODE[code] ?? null;
}

function codeOfKind({ kind }: HomegrownError): string | undefined {
  return kind === "unauthenticated" ? "invalid_api_key" : undefined;
}

function statusOf(error: HomegrownError): number {
  if (isContextExceeded(error)) return 400;
  if (error instanceof UpstreamError) return statusOfFault(error);
  return STATUS_OF_CODE[error.code] ?? STATUS_OF_KIND[error.kind];
}

/** Whichever port it comes from: OpenAI answers a prompt that is too long with 400 and its own code. */
function isContextExceeded(error: HomegrownError): boolean {
  if (error instanceof UpstreamError) {
    return error.fault === "rejected" && saysContextExceeded(error.providerError);
  }
  return /\/(?:context-(?:length-)?exceeded|prompt-too-long)$/.test(error.code);
}

function isOutOfQuota(error: HomegrownError): boolean {
  return error.code === "gateway/budget-exhausted";
}

function typeOf(error: HomegrownError): string {
  if (isOutOfQuota(error)) return "insufficient_quota";
  const status = statusOf(error);
  if (status === 429) return "rate_limit_error";
  if (status === 503) return "service_unavailable_error";
  if (status === 403) return "permission_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

function retryAfter(error: HomegrownError): string {
  const seconds = error.details["retryAfterSeconds"];
  return String(typeof seconds === "number" && seconds > 0 ? Math.ceil(seconds) : 1);
}
