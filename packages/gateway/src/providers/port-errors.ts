// Whatever a provider package throws, as one vocabulary. Its errors hold the request's body and the provider's
// words about it, so they never become a `cause`: nothing of a prompt or a key may reach a log.
import {
  APICallError,
  EmptyResponseBodyError,
  InvalidArgumentError,
  InvalidPromptError,
  InvalidResponseDataError,
  JSONParseError,
  LoadAPIKeyError,
  LoadSettingError,
  NoSuchModelError,
  TooManyEmbeddingValuesForCallError,
  TypeValidationError,
  UnsupportedFunctionalityError,
} from "@ai-sdk/provider";
import { HomegrownError } from "@homegrown/contracts";
import { UpstreamError } from "../core/upstream-errors.ts";
import type { UpstreamFault } from "../core/upstream-errors.ts";
import { errorNames, errorStatus, faultOfAnswer } from "../core/provider-fault.ts";
import { parseRetryAfter } from "../core/retry-after.ts";
import { toTransportFault } from "./transport-fault.ts";

/** More of a provider's error than this is not kept. */
const MAX_ERROR_CHARACTERS = 64 * 1024;

/** An error of a port call on this target. Errors that are the gateway's already are returned as they are. */
export function toUpstreamError(error: unknown, target: string): HomegrownError {
  if (error instanceof HomegrownError) return error;
  const transport = toTransportFault(error);
  if (transport !== undefined) {
    return new UpstreamError({
      fault: transport.fault,
      target,
      message: transport.message,
      cause: transport.cause,
    });
  }
  if (APICallError.isInstance(error)) return ofCall(error, target);
  if (isStreamError(error)) return ofAnswer(error.statusCode, error.data, target, {});
  const local = LOCAL_FAULTS.find(([type]) => type.isInstance(error));
  if (local !== undefined) {
    const [type, fault, message] = local;
    const what = type === UnsupportedFunctionalityError ? functionality(error) : "";
    return new UpstreamError({ fault, target, message: message + what });
  }
  // Errors in streams come as whatever object the provider sent.
  if (typeof error === "object" && error !== null && !(error instanceof Error)) {
    return ofAnswer(undefined, error, target, {});
  }
  if (typeof error === "string") return ofAnswer(undefined, { error: { message: error } }, target, {});
  return new UpstreamError({
    fault: "malformed",
    target,
    message: `the answer could not be read (${error instanceof Error ? error.name : typeof error})`,
  });
}

/** Failures that the packages find themselves, before asking or after reading. */
const LOCAL_FAULTS: readonly [{ isInstance(error: unknown): boolean }, UpstreamFault, string][] = [
  [
    { isInstance: isDownloadError },
    "rejected",
    "a file cannot be had from its address; send the file itself",
  ],
  [UnsupportedFunctionalityError, "rejected", "this model cannot do what the request asks"],
  [TooManyEmbeddingValuesForCallError, "rejected", "too many texts for one call"],
  [InvalidPromptError, "rejected", "the messages do not form a conversation that this provider takes"],
  [
    InvalidArgumentError,
    "rejected",
    "a parameter of the request has a value that this provider does not take",
  ],
  [LoadAPIKeyError, "unauthenticated", "no credential is configured"],
  [LoadSettingError, "unauthenticated", "a setting of the provider is missing"],
  [NoSuchModelError, "not-found", "the provider has no such model"],
  [InvalidResponseDataError, "malformed", "the answer lacks what its protocol demands"],
  [TypeValidationError, "malformed", "the answer does not follow its protocol"],
  [JSONParseError, "malformed", "the answer is not valid JSON"],
  [EmptyResponseBodyError, "malformed", "the answer is empty"],
];

/** The package's own word for a feature, as long as it is a word and not a quotation. */
function functionality(error: unknown): string {
  const name = (error as UnsupportedFunctionalityError).functionality;
  return /^[\w .:/+*-]{1,80}$/.test(name) ? ` (${name})` : "";
}

function ofCall(error: APICallError, target: string): UpstreamError {
  const body = parseBody(error.responseBody);
  const status = error.statusCode;
  if (status === undefined || status < 300) {
    // A success by its status, and yet none: either an error inside it, or bytes that are no answer.
    const inside = errorInside(body, target);
    if (inside !== undefined) return inside;
    return new UpstreamError({
      fault: "malformed",
      target,
      message: "the answer does not follow its protocol",
      ...(status !== undefined && { status }),
    });
  }
  return ofAnswer(status, body ?? error.data, target, error.responseHeaders ?? {});
}

/** A success by its status whose body is an error, as some providers and proxies send them. */
export function errorInside(body: unknown, target: string): UpstreamError | undefined {
  return isErrorObject(body) ? ofAnswer(undefined, body, target, {}) : undefined;
}

function ofAnswer(
  status: number | undefined,
  body: unknown,
  target: string,
  headers: Readonly<Record<string, string>>,
): UpstreamError {
  const names = errorNames(body);
  const fault = faultOfAnswer(status ?? errorStatus(body), names);
  const retryAfterMs = parseRetryAfter(headers);
  const what = status === undefined ? "sent an error" : `answered ${status}`;
  return new UpstreamError({
    fault,
    target,
    message: names.length === 0 ? what : `${what} (${names.join(", ")})`,
    ...(status !== undefined && { status }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    // Complaints about credentials quote them.
    ...(fault !== "unauthenticated" && body !== undefined && { providerError: body }),
  });
}

function parseBody(text: string | undefined): unknown {
  if (text === undefined || text.length > MAX_ERROR_CHARACTERS) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isErrorObject(body: unknown): boolean {
  return typeof body === "object" && body !== null && ("error" in body || errorNames(body).length > 0);
}

/** Its class is not in the package of the interfaces. */
function isDownloadError(error: unknown): boolean {
  return error instanceof Error && error.name === "AI_DownloadError";
}

/** What `createProviderStreamError` of the packages makes; they do not export its type everywhere. */
function isStreamError(error: unknown): error is { statusCode?: number; data: unknown } {
  return (
    typeof error === "object" &&
    error !== null &&
    (error as Record<symbol, unknown>)[Symbol.for("vercel.ai.providerStreamError")] === true
  );
}
