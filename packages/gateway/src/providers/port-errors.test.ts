import assert from "node:assert/strict";
import { it } from "node:test";
import { APICallError, LoadAPIKeyError, UnsupportedFunctionalityError } from "@ai-sdk/provider";
import { UpstreamError } from "../core/upstream-errors.ts";
import { toUpstreamError } from "./port-errors.ts";

const PROMPT = "my private question";

function callError(statusCode: number, body: unknown, headers: Record<string, string> = {}): APICallError {
  return new APICallError({
    message: `the provider quotes ${PROMPT}`,
    url: "https://host/v1?key=secret",
    requestBodyValues: { messages: [PROMPT] },
    statusCode,
    responseHeaders: headers,
    responseBody: typeof body === "string" ? body : JSON.stringify(body),
  });
}

function translate(error: unknown): UpstreamError {
  const translated = toUpstreamError(error, "p/m");
  assert.ok(translated instanceof UpstreamError, String(translated));
  assert.ok(!JSON.stringify([translated.message, translated.details]).includes(PROMPT));
  return translated;
}

it("names status and identifiers, and keeps the provider's words for the client alone", () => {
  const body = { error: { message: PROMPT, type: "invalid_request_error", code: "context_length_exceeded" } };
  const error = translate(callError(400, body));
  assert.equal(error.message, "p/m: answered 400 (invalid_request_error, context_length_exceeded)");
  assert.equal(error.fault, "rejected");
  assert.deepEqual(error.providerError, body);
  assert.equal(error.cause, undefined);
});

it("keeps nothing of complaints about credentials", () => {
  const error = translate(callError(401, { error: { message: "Incorrect API key provided: sk-live" } }));
  assert.equal(error.fault, "unauthenticated");
  assert.equal(error.providerError, undefined);
});

it("tells a content filter from other refusals", () => {
  const azure = {
    error: { code: "content_filter", message: PROMPT, status: 400, innererror: { code: "x" } },
  };
  assert.equal(translate(callError(400, azure)).fault, "content-filter");
  assert.equal(translate(callError(400, { error: { code: "BadRequest" } })).fault, "rejected");
});

it("finds errors inside successes, whatever status they name", () => {
  assert.equal(translate(callError(200, { error: { code: 429, message: "x" } })).fault, "rate-limited");
  assert.equal(translate(callError(200, { error: { code: 502, message: "x" } })).fault, "server-error");
  assert.equal(
    translate(callError(200, { type: "error", error: { type: "overloaded_error" } })).fault,
    "overloaded",
  );
  assert.equal(translate(callError(200, { choices: [] })).fault, "malformed");
  assert.equal(translate(callError(200, "not json")).fault, "malformed");
});

it("reads errors of streams, which come as the provider's own objects", () => {
  const anthropic = { type: "overloaded_error", message: PROMPT };
  assert.equal(translate(anthropic).fault, "overloaded");
  assert.equal(translate({ error: { status: "RESOURCE_EXHAUSTED", code: 429 } }).fault, "rate-limited");
  // As the packages mark errors for which they know a status.
  const bedrock = {
    message: PROMPT,
    type: "throttlingException",
    statusCode: 429,
    data: { throttlingException: { message: PROMPT } },
    [Symbol.for("vercel.ai.providerStreamError")]: true,
  };
  assert.equal(translate(bedrock).fault, "rate-limited");
  assert.equal(translate(PROMPT).fault, "server-error");
  assert.equal(translate(undefined).fault, "malformed");
});

it("says what the package refused by itself", () => {
  const error = translate(
    new UnsupportedFunctionalityError({ functionality: "file part media type video/mp4" }),
  );
  assert.equal(error.fault, "rejected");
  assert.match(error.message, /cannot do what the request asks \(file part media type video\/mp4\)/);
  const quoted = new UnsupportedFunctionalityError({ functionality: `"${PROMPT}" {}` });
  assert.ok(!translate(quoted).message.includes("{}"));
  assert.equal(translate(new LoadAPIKeyError({ message: "no key" })).fault, "unauthenticated");
});

it("finds the wire's failure beneath what the package made of it", () => {
  const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  const wrapped = new APICallError({
    message: "Cannot connect to API",
    url: "https://host",
    requestBodyValues: {},
    cause: new TypeError("fetch failed", { cause: reset }),
  });
  const error = translate(wrapped);
  assert.equal(error.fault, "reset");
  assert.equal(error.retryable, true);
  assert.equal(translate(Object.assign(new Error("x"), { code: "HPE_INVALID_CONSTANT" })).fault, "malformed");
  assert.equal(translate(Object.assign(new Error("x"), { code: "CERT_HAS_EXPIRED" })).fault, "refused");
});

it("leaves the gateway's own errors alone", () => {
  const own = new UpstreamError({ fault: "stalled", target: "p/m", message: "x" });
  assert.equal(toUpstreamError(own, "other"), own);
});
