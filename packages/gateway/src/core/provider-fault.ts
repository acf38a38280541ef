// What a provider's status and error object mean.
import type { UpstreamFault } from "./upstream-errors.ts";

/** RFC 9110 section 15, and what some statuses mean to providers of models alone. */
const FAULT_OF_STATUS: Readonly<Record<number, UpstreamFault>> = {
  401: "unauthenticated",
  // No money left, which is for whoever runs the gateway to see to.
  402: "unauthenticated",
  403: "unauthenticated",
  404: "not-found",
  408: "first-token-timeout",
  // Bedrock's, for a model that failed behind it.
  424: "server-error",
  425: "overloaded",
  429: "rate-limited",
  // Groq's, for capacity.
  498: "overloaded",
  503: "overloaded",
  504: "first-token-timeout",
  524: "first-token-timeout",
  // Anthropic's.
  529: "overloaded",
};

/** Names that providers use inside error objects, streams included, where no status tells it. */
const FAULT_OF_NAME: Readonly<Record<string, UpstreamFault>> = {
  overloaded_error: "overloaded",
  overloaded: "overloaded",
  unavailable: "overloaded",
  serviceunavailableexception: "overloaded",
  modelnotreadyexception: "overloaded",
  rate_limit_error: "rate-limited",
  rate_limit_exceeded: "rate-limited",
  insufficient_quota: "rate-limited",
  resource_exhausted: "rate-limited",
  throttlingexception: "rate-limited",
  authentication_error: "unauthenticated",
  permission_error: "unauthenticated",
  billing_error: "unauthenticated",
  invalid_api_key: "unauthenticated",
  not_found_error: "not-found",
  model_not_found: "not-found",
  invalid_request_error: "rejected",
  request_too_large: "rejected",
  context_length_exceeded: "rejected",
  validationexception: "rejected",
  invalid_argument: "rejected",
  content_filter: "content-filter",
  content_policy_violation: "content-filter",
  timeout_error: "server-error",
  api_error: "server-error",
  server_error: "server-error",
  internal_server_error: "server-error",
  internalserverexception: "server-error",
  modelstreamerrorexception: "server-error",
};

function faultOfStatus(status: number): UpstreamFault {
  if (status < 400) return "redirect";
  return FAULT_OF_STATUS[status] ?? (status >= 500 ? "server-error" : "rejected");
}

/** A provider's answer that is not a success; `names` as `errorNames` finds them. */
export function faultOfAnswer(status: number | undefined, names: readonly string[]): UpstreamFault {
  const named = names.map((name) => FAULT_OF_NAME[name.toLowerCase()]).find((fault) => fault !== undefined);
  // A filter's verdict is a 400 whose name says more; every other status speaks for itself.
  if (named === "content-filter") return named;
  if (status !== undefined && status >= 300) return faultOfStatus(status);
  return named ?? "server-error";
}

/** An identifier, not prose: what may stand in a log. */
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/**
 * `type`, `code` and `status` of an error object, outermost first, as OpenAI (`{error: {type, code}}`),
 * Anthropic (`{type: "error", error: {type}}`), Google (`{error: {code, status}}`) and AWS (`{__type}`) write
 * them. Messages are left out: they quote prompts, and sometimes keys.
 */
export function errorNames(value: unknown): string[] {
  const names = new Set<string>();
  const visit = (node: unknown, depth: number): void => {
    if (typeof node !== "object" || node === null || depth > 3) return;
    const record = node as Record<string, unknown>;
    for (const field of ["type", "code", "status", "__type", "innererror", "error", "data", "response"]) {
      const entry = record[field];
      if (typeof entry === "string") {
        const name = entry.slice(entry.lastIndexOf("#") + 1);
        if (name !== "error" && NAME.test(name)) names.add(name);
      } else visit(entry, depth + 1);
    }
  };
  visit(value, 0);
  return [...names].slice(0, 4);
}

/** A status that an error object names where none came with it: OpenRouter and Google write it into `code`. */
export function errorStatus(value: unknown): number | undefined {
  const outer = value as { error?: { code?: unknown }; code?: unknown } | null | undefined;
  const code = Number(outer?.error?.code ?? outer?.code);
  return Number.isInteger(code) && code >= 400 && code < 600 ? code : undefined;
}
