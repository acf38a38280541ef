import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import type { ErrorKind } from "@homegrown/contracts";
import { UPSTREAM_FAULTS, UpstreamError } from "../../core/upstream-errors.ts";
import type { UpstreamErrorOptions, UpstreamFault } from "../../core/upstream-errors.ts";
import { renderError, renderStreamError } from "./errors.ts";

const errorOf = (kind: ErrorKind, fields: object = {}): HomegrownError =>
  new HomegrownError({ code: "some/thing", kind, message: "It failed.", hint: "Do this.", ...fields });

it("every kind of error has its status, type and OpenAI's shape", () => {
  const expected: [ErrorKind, number, string][] = [
    ["invalid-input", 400, "invalid_request_error"],
    ["forbidden", 403, "permission_error"],
    ["not-found", 404, "invalid_request_error"],
    ["conflict", 409, "invalid_request_error"],
    ["too-large", 413, "invalid_request_error"],
    ["overloaded", 429, "rate_limit_error"],
    ["unavailable", 503, "service_unavailable_error"],
    ["cancelled", 503, "service_unavailable_error"],
    ["corrupt", 500, "server_error"],
    ["internal", 500, "server_error"],
  ];
  for (const [kind, status, type] of expected) {
    const rendered = renderError(errorOf(kind), "r");
    assert.equal(rendered.status, status, kind);
    assert.deepEqual(JSON.parse(rendered.body), {
      error: { message: "It failed. Do this.", type, param: null, code: "some/thing" },
    });
  }
});

it("an overloaded server says when to come back, as far as it knows", () => {
  assert.equal(renderError(errorOf("overloaded"), "r").headers["retry-after"], "1");
  const details = { retryAfterSeconds: 2.1 };
  assert.equal(renderError(errorOf("overloaded", { details }), "r").headers["retry-after"], "3");
  assert.equal(renderError(errorOf("unavailable", { retryable: true }), "r").headers["retry-after"], "1");
  assert.deepEqual(renderError(errorOf("invalid-input"), "r").headers, {});
});

it("a prompt past the context is OpenAI's 400, whichever model says so", () => {
  for (const code of ["serving/context-exceeded", "x/context-length-exceeded", "y/prompt-too-long"]) {
    const rendered = renderError(errorOf("too-large", { code }), "r");
    assert.equal(rendered.status, 400);
    assert.match(rendered.body, /"code":"context_length_exceeded"/);
  }
});

it("what was not foreseen is told as a request id, not in its own words", () => {
  const leak = new Error("password=hunter2 at /home/x");
  for (const text of [renderError(leak, "req_7").body, renderStreamError(leak, "req_7")]) {
    assert.match(text, /"code":"internal\/unexpected"/);
    assert.match(text, /req_7/);
    assert.equal(text.includes("hunter2"), false);
  }
});

const upstream = (options: Partial<UpstreamErrorOptions> & { fault: UpstreamFault }): UpstreamError =>
  new UpstreamError({ target: "openai/x", message: "it answered 400", ...options });
const bodyOf = (error: unknown): { message: string; type: string; param: unknown; code: unknown } =>
  JSON.parse(renderError(error, "r").body).error;

describe("errors of providers", () => {
  it("have a status each that says whose fault it is", () => {
    for (const fault of Object.keys(UPSTREAM_FAULTS) as UpstreamFault[]) {
      const { status, headers } = renderError(upstream({ fault }), "r");
      const expected = /timeout|stalled/.test(fault)
        ? 504
        : ({ "rate-limited": 429, overloaded: 503, rejected: 400, "content-filter": 400 }[fault as string] ??
          502);
      assert.equal(status, expected, fault);
      assert.equal("retry-after" in headers, UPSTREAM_FAULTS[fault].retryable, fault);
    }
  });

  it("about the request keep the provider's words, parameter and code", () => {
    const providerError = {
      error: { message: "No such voice.", type: "invalid_request_error", param: "voice", code: "bad_voice" },
    };
    const error = upstream({ fault: "rejected", status: 422, providerError });
    assert.equal(renderError(error, "r").status, 422);
    assert.deepEqual(bodyOf(error), {
      message: "No such voice.",
      type: "invalid_request_error",
      param: "voice",
      code: "bad_voice",
    });
    // Anthropic's shape says it too.
    const other = upstream({
      fault: "rejected",
      providerError: { type: "error", error: { type: "invalid_request_error", message: "Bad image." } },
    });
    assert.equal(bodyOf(other).message, "Bad image.");
    assert.equal(bodyOf(other).code, "gateway/upstream-rejected");
    assert.equal(bodyOf(upstream({ fault: "content-filter", providerError })).code, "content_filter");
  });

  it("about a context that is too long have OpenAI's code, whoever refused it", () => {
    const error = { type: "invalid_request_error", message: "prompt is too long: 9 tokens > 8 maximum" };
    const refused = upstream({ fault: "rejected", providerError: { type: "error", error } });
    assert.equal(bodyOf(refused).code, "context_length_exceeded");
    assert.equal(bodyOf(refused).message, error.message);
  });

  it("about the provider's own affairs do not", () => {
    const providerError = { error: { message: "Limit of org-secret reached", code: "rate_limit_exceeded" } };
    for (const fault of ["rate-limited", "unauthenticated", "server-error", "overloaded"] as const) {
      assert.equal(JSON.stringify(bodyOf(upstream({ fault, providerError }))).includes("org-secret"), false);
    }
    const limited = renderError(upstream({ fault: "rate-limited", retryAfterMs: 2500 }), "r");
    assert.equal(limited.headers["retry-after"], "3");
    assert.match(limited.body, /"code":"rate_limit_exceeded"/);
  });
});

it("keys and budgets have OpenAI's codes", () => {
  const unknown = renderError(errorOf("unauthenticated", { code: "gateway/key-invalid" }), "r");
  assert.equal(unknown.status, 401);
  assert.equal(unknown.headers["www-authenticate"], "Bearer");
  assert.match(unknown.body, /"code":"invalid_api_key"/);

  const broke = renderError(errorOf("forbidden", { code: "gateway/budget-exhausted" }), "r");
  assert.equal(broke.status, 429);
  assert.match(broke.body, /"type":"insufficient_quota","param":null,"code":"insufficient_quota"/);
  assert.deepEqual(broke.headers, { "x-should-retry": "false" });

  const fast = renderError(
    errorOf("overloaded", { code: "gateway/rate-limited", details: { retryAfterSeconds: 7 } }),
    "r",
  );
  assert.equal(fast.status, 429);
  assert.equal(fast.headers["retry-after"], "7");
  assert.match(fast.body, /"code":"rate_limit_exceeded"/);
});

it("what no model behind a name can do is named as the parameter that asks for it", () => {
  const incapable = errorOf("invalid-input", {
    code: "gateway/no-capable-target",
    details: { needs: ["tools", "image input"] },
  });
  assert.match(renderError(incapable, "r").body, /"param":"tools","code":"unsupported_parameter"/);
  const refused = errorOf("invalid-input", { code: "serving/unsupported-content" });
  assert.match(renderError(refused, "r").body, /"param":"messages","code":"unsupported_parameter"/);
});
