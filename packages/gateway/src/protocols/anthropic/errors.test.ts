import assert from "node:assert/strict";
import { it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import type { ErrorKind } from "@homegrown/contracts";
import { UpstreamError } from "../../core/upstream-errors.ts";
import type { UpstreamFault } from "../../core/upstream-errors.ts";
import { renderError, renderStreamError } from "./errors.ts";
import { renderLimitHeaders } from "./limit-headers.ts";
import { speaksAnthropic } from "./request-headers.ts";

const errorOf = (kind: ErrorKind, fields: object = {}): HomegrownError =>
  new HomegrownError({ code: "some/thing", kind, message: "It failed.", hint: "Do this.", ...fields });
const upstream = (fault: UpstreamFault, fields: object = {}): UpstreamError =>
  new UpstreamError({ fault, target: "claude/x", message: "it broke", ...fields });

const headersOf = (error: unknown): Readonly<Record<string, string>> => {
  const { "request-id": _, ...headers } = renderError(error, "r").headers;
  return headers;
};

it("every kind of error has its status, type and Anthropic's shape", () => {
  const expected: [ErrorKind, number, string][] = [
    ["invalid-input", 400, "invalid_request_error"],
    ["unauthenticated", 401, "authentication_error"],
    ["forbidden", 403, "permission_error"],
    ["not-found", 404, "not_found_error"],
    ["conflict", 409, "conflict_error"],
    ["too-large", 413, "request_too_large"],
    ["overloaded", 429, "rate_limit_error"],
    ["unavailable", 503, "api_error"],
    ["cancelled", 503, "api_error"],
    ["corrupt", 500, "api_error"],
    ["internal", 500, "api_error"],
  ];
  for (const [kind, status, type] of expected) {
    const rendered = renderError(errorOf(kind), "req_1");
    assert.equal(rendered.status, status, kind);
    assert.equal(rendered.headers["request-id"], "req_1");
    assert.deepEqual(JSON.parse(rendered.body), {
      type: "error",
      error: { type, message: "It failed. Do this." },
      request_id: "req_1",
    });
  }
});

it("a provider's fault has a status by which clients know whose it is", () => {
  const expected: [UpstreamFault, number, string][] = [
    ["refused", 502, "api_error"],
    ["first-token-timeout", 504, "timeout_error"],
    ["rate-limited", 429, "rate_limit_error"],
    ["overloaded", 529, "overloaded_error"],
    ["unauthenticated", 502, "api_error"],
    ["not-found", 502, "api_error"],
    ["content-filter", 400, "invalid_request_error"],
  ];
  for (const [fault, status, type] of expected) {
    const rendered = renderError(upstream(fault), "r");
    assert.equal(rendered.status, status, fault);
    assert.equal(JSON.parse(rendered.body).error.type, type, fault);
  }
  assert.equal(renderError(errorOf("overloaded", { code: "gateway/too-many-requests" }), "r").status, 529);
});

it("an Anthropic provider's own words about the request reach the client", () => {
  const error = { type: "invalid_request_error", message: "tools.0: bad", details: { error_code: "x" } };
  const rejected = upstream("rejected", { status: 400, providerError: { type: "error", error } });
  assert.deepEqual(JSON.parse(renderError(rejected, "r").body).error, error);
});

it("so do those of other protocols' providers, in Anthropic's shape, but not what concerns the provider alone", () => {
  const error = { message: "No such tool.", type: "invalid_request_error", param: "tools" };
  const rendered = renderError(upstream("rejected", { providerError: { error } }), "r");
  assert.deepEqual(JSON.parse(rendered.body).error, {
    type: "invalid_request_error",
    message: "No such tool.",
  });
  for (const fault of ["rate-limited", "unauthenticated", "server-error", "overloaded"] as const) {
    const own = upstream(fault, { providerError: { error: { message: "Limit of org-secret reached" } } });
    assert.equal(renderError(own, "r").body.includes("secret"), false, fault);
  }
});

it("a context that is too long is told in the words that agents know, whoever refused it", () => {
  const message = "This model's maximum context length is 8192 tokens.";
  const error = { message, type: "invalid_request_error", code: "context_length_exceeded" };
  const rendered = renderError(upstream("rejected", { providerError: { error } }), "r");
  assert.equal(rendered.status, 400);
  assert.equal(JSON.parse(rendered.body).error.message, `prompt is too long: ${message}`);
});

it("a thread that nobody keeps is refused so that SDKs go on without one", () => {
  const refused = errorOf("invalid-input", { code: "gateway/invalid-request", details: { param: "thread" } });
  assert.deepEqual(JSON.parse(renderError(refused, "r").body).error.details, {
    error_code: "thread_unsupported_request",
    unsupported: ["thread"],
  });
});

it("clients try again where it may help, and only there", () => {
  const wait = { details: { retryAfterSeconds: 2.1 } };
  assert.deepEqual(headersOf(errorOf("overloaded", wait)), { "retry-after": "3" });
  assert.deepEqual(headersOf(upstream("overloaded")), { "retry-after": "1" });
  assert.deepEqual(headersOf(errorOf("unavailable", { retryable: true })), { "retry-after": "1" });
  assert.deepEqual(headersOf(errorOf("internal")), { "x-should-retry": "false" });
  assert.deepEqual(headersOf(errorOf("conflict")), { "x-should-retry": "false" });
  assert.deepEqual(headersOf(errorOf("invalid-input")), {});
});

it("a budget that is used up is a bill, not a rate: nobody tries again by himself", () => {
  const rendered = renderError(errorOf("overloaded", { code: "gateway/budget-exhausted" }), "r");
  assert.equal(rendered.status, 402);
  assert.equal(JSON.parse(rendered.body).error.type, "billing_error");
  assert.equal(rendered.headers["x-should-retry"], "false");
  assert.equal(rendered.headers["retry-after"], undefined);
});

it("a prompt past the context says so in the words that agents look for", () => {
  const rendered = renderError(errorOf("too-large", { code: "serving/context-exceeded" }), "r");
  assert.equal(rendered.status, 400);
  assert.match(JSON.parse(rendered.body).error.message, /^prompt is too long: /);
});

it("what was not foreseen is told as a request id, not in its own words", () => {
  const leak = new Error("password=hunter2 at /home/x");
  const event = renderStreamError(leak, "req_7");
  assert.match(event, /^event: error\ndata: \{"type":"error".*\}\n\n$/);
  for (const text of [renderError(leak, "req_7").body, event]) {
    assert.match(text, /req_7/);
    assert.equal(text.includes("hunter2"), false);
  }
});

it("what is left of a key's limits stands in Anthropic's headers", () => {
  const now = Date.parse("2026-11-25T10:00:00.250Z");
  const state = {
    requests: { limit: 50, remaining: 49.7, resetSeconds: 1.2 },
    tokens: { limit: 1000, remaining: -3, resetSeconds: 60 },
  };
  assert.deepEqual(renderLimitHeaders(state, now), {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "49",
    "anthropic-ratelimit-requests-reset": "2026-11-25T10:00:02Z",
    "anthropic-ratelimit-tokens-limit": "1000",
    "anthropic-ratelimit-tokens-remaining": "0",
    "anthropic-ratelimit-tokens-reset": "2026-11-25T10:01:01Z",
  });
  assert.deepEqual(renderLimitHeaders({ requests: undefined, tokens: undefined }, now), {});
});

it("Anthropic's clients are known by their headers", () => {
  assert.equal(speaksAnthropic({ "anthropic-version": "2023-06-01" }), true);
  assert.equal(speaksAnthropic({ "x-api-key": "k" }), true);
  assert.equal(speaksAnthropic({ authorization: "Bearer k" }), false);
});
