import assert from "node:assert/strict";
import { it } from "node:test";
import { parseJsonBody } from "../../../server/json-body.ts";
import type { EstimatedRequest } from "../estimated-request.ts";
import { parseCountTokens } from "./request.ts";

const count = (body: object): EstimatedRequest =>
  parseCountTokens(parseJsonBody(Buffer.from(JSON.stringify(body)), 100), {
    "anthropic-version": "2023-06-01",
  });
const USER = { role: "user", content: "a".repeat(350) };

it("counting asks no limit of output, generates nothing, and passes its headers on", () => {
  const request = count({ model: "m", messages: [USER] });
  assert.equal(request.dialect, "anthropic/count-tokens");
  assert.equal(request.maxOutputTokens, 0);
  assert.deepEqual(request.bytes?.headers, { "anthropic-version": "2023-06-01" });
  const translation = request.translate();
  assert.ok(translation.port === "count");
  assert.equal(translation.render(17), '{"input_tokens":17}');
});

it("the estimate grows with all that a model reads", () => {
  const base = count({ model: "m", messages: [USER] }).estimatedInputTokens();
  assert.equal(base, 104);
  const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "A".repeat(5e5) } };
  const pdf = {
    type: "document",
    source: { type: "base64", media_type: "application/pdf", data: "J".repeat(2e5) },
  };
  const remote = { type: "document", source: { type: "url", url: "https://x/" } };
  const of = (...content: object[]): number =>
    count({ model: "m", messages: [USER, { role: "user", content }] }).estimatedInputTokens() - base;
  assert.equal(of(image), 1604);
  assert.equal(of({ type: "tool_result", tool_use_id: "t", content: [image] }), 1604);
  assert.equal(of(pdf), 5004);
  assert.equal(of(remote), 6004);
  assert.equal(of({ type: "text", text: "a".repeat(35) }), 14);
  assert.ok(
    count({ model: "m", messages: [USER], tools: [{ name: "x", input_schema: {} }] }).estimatedInputTokens() >
      base,
  );
  assert.ok(count({ model: "m", messages: [USER], system: "more" }).estimatedInputTokens() > base);
});

it("what is counted is checked like what is asked", () => {
  assert.throws(() => count({ model: "m", messages: [] }), {
    details: { param: "messages", fault: "value" },
  });
  assert.throws(() => count({ messages: [USER] }), { details: { param: "model", fault: "missing" } });
});
