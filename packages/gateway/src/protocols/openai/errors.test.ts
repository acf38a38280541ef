import assert from "node:assert/strict";
import { it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import type { ErrorKind } from "@homegrown/contracts";
import { renderError, renderStreamError } from "./errors.ts";

const errorOf = (kind: ErrorKind, fields: object = {}): HomegrownError =>
  new HomegrownError({ code: "some/thing", kind, message: "It failed.", hint: "Do this.", ...fields });

it("every kind of error has its status, type and OpenAI's shape", () => {
  const expected: [ErrorKind, number, string][] = [
    ["invalid-input", 400, "invalid_request_error"],
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
