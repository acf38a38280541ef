// Errors as OpenAI's clients expect them: {error: {message, type, param, code}} and a status from which
// they decide whether to try again.
import { HomegrownError } from "@homegrown/contracts";
import type { ErrorKind } from "@homegrown/contracts";
import type { RenderedError } from "../../server/front.ts";

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

/** Where HTTP has a more exact status than the kind of error has. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  "gateway/host-refused": 403,
  "gateway/origin-refused": 403,
  "gateway/method-not-allowed": 405,
  "gateway/request-timeout": 408,
  "gateway/unsupported-media-type": 415,
  "gateway/header-too-large": 431,
};

/** OpenAI's own names where it has one; every other error keeps ours. */
const OPENAI_CODE: Readonly<Record<string, string>> = {
  "gateway/model-not-found": "model_not_found",
  "gateway/unknown-route": "unknown_url",
};

const CODE_OF_FAULT: Readonly<Record<string, string>> = {
  missing: "missing_required_parameter",
  type: "invalid_type",
  value: "invalid_value",
  unsupported: "unsupported_parameter",
};

export function renderError(thrown: unknown, requestId: string): RenderedError {
  const error = toKnown(thrown, requestId);
  const headers: Record<string, string> = {};
  if (error.kind === "overloaded" || error.retryable) headers["retry-after"] = retryAfter(error);
  if (typeof error.details["allow"] === "string") headers["allow"] = error.details["allow"];
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
  const { param, fault } = error.details;
  return JSON.stringify({
    error: {
      message: `${error.message} ${error.hint}`,
      type: typeOf(statusOf(error)),
      param: typeof param === "string" ? param : null,
      code: isContextExceeded(error)
        ? "context_length_exceeded"
        : (CODE_OF_FAULT[String(fault)] ?? OPENAI_CODE[error.code] ?? error.code),
    },
  });
}

function statusOf(error: HomegrownError): number {
  if (isContextExceeded(error)) return 400;
  return STATUS_OF_CODE[error.code] ?? STATUS_OF_KIND[error.kind];
}

/** Whichever port it comes from: OpenAI answers a prompt that is too long with 400 and its own code. */
function isContextExceeded(error: HomegrownError): boolean {
  return /\/(?:context-(?:length-)?exceeded|prompt-too-long)$/.test(error.code);
}

function typeOf(status: number): string {
  if (status === 429) return "rate_limit_error";
  if (status === 503) return "service_unavailable_error";
  if (status === 403) return "permission_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

function retryAfter(error: HomegrownError): string {
  const seconds = error.details["retryAfterSeconds"];
  return String(typeof seconds === "number" && seconds > 0 ? Math.ceil(seconds) : 1);
}
