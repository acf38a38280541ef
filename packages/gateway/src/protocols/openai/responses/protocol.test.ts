import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, it } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import OpenAI from "openai";
import { HomegrownError } from "@homegrown/contracts";
import type { ErrorKind } from "@homegrown/contracts";
import { openAiResponses, renderStreamError } from "./protocol.ts";
import { HEAD, text, translate } from "./responses.fixture.ts";

const errorOf = (kind: ErrorKind, code = "some/thing"): HomegrownError =>
  new HomegrownError({ code, kind, message: "It broke.", hint: "Ask again." });

interface Failure {
  type: string;
  code?: string;
  message?: string;
  sequence_number: number;
  response?: { status: string; error: { code: string; message: string } };
}

const eventsOf = (thrown: unknown): Failure[] =>
  renderStreamError(thrown, "req_7")
    .split("\n\n")
    .slice(0, -1)
    .map((block) => JSON.parse(block.slice(block.indexOf("data: ") + 6)) as Failure);

it("a broken stream ends in `error` and `response.failed`, in OpenAI's codes", () => {
  const cases: [unknown, string][] = [
    [errorOf("overloaded"), "rate_limit_exceeded"],
    [errorOf("unavailable"), "server_error"],
    [errorOf("invalid-input"), "invalid_prompt"],
    [errorOf("too-large", "serving/context-exceeded"), "context_length_exceeded"],
    [new Error("password=hunter2"), "server_error"],
  ];
  for (const [thrown, code] of cases) {
    const [error, failed] = eventsOf(thrown);
    assert.deepEqual([error?.type, failed?.type], ["error", "response.failed"]);
    assert.equal(failed?.response?.error.code, code);
    assert.equal(failed.response.error.message, error?.message);
    assert.equal(error?.message?.includes("hunter2"), false);
  }
});

const paramOf = (param: string): unknown => {
  const error = new HomegrownError({
    code: "gateway/some-need",
    kind: "invalid-input",
    message: "No.",
    hint: "Do.",
    details: { param },
  });
  const { body } = openAiResponses.renderError(error, "r");
  return (JSON.parse(body) as { error: { param: unknown } }).error.param;
};
it("errors name the parameters of this endpoint", () => {
  assert.deepEqual(["response_format", "messages", "tools"].map(paramOf), ["text.format", "input", "tools"]);
});

let baseURL: string;
const server = createServer((request, response) => {
  request.resume();
  void translate({ stream: true }).then((translation) => {
    const stream = translation.createStream(HEAD);
    response.writeHead(200, { "content-type": "text/event-stream" });
    const begun = text("Hel").map((part) => stream.render(0, part));
    response.end(stream.start() + begun.join("") + renderStreamError(errorOf("unavailable"), "req_7"));
  });
});
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
after(() => server.close());

it("clients throw it", async () => {
  const client = new OpenAI({ apiKey: "x", baseURL, maxRetries: 0 });
  const stream = client.responses.stream({ model: "own", input: "hi" });
  await assert.rejects(stream.finalResponse(), /It broke/);

  const model = createOpenAI({ apiKey: "x", baseURL }).responses("gpt-4o");
  const { stream: parts } = await model.doStream({
    prompt: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
  });
  const types: string[] = [];
  for await (const part of parts) types.push(part.type);
  assert.ok(types.includes("error"));
});

it("every front of the protocol asks for the scope of responses", () => {
  assert.deepEqual(
    openAiResponses.fronts.map(({ method, path, endpoint }) => `${method} ${path} ${endpoint}`),
    [
      "POST /v1/responses responses",
      "POST /v1/responses/input_tokens responses",
      "GET /v1/responses/{id} responses",
      "DELETE /v1/responses/{id} responses",
      "POST /v1/responses/{id} responses",
    ],
  );
});
