// What becomes of a connection that breaks once the provider has said its last word.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createBench } from "../../routing/fake-target.ts";
import { parseChatCompletion } from "../../protocols/openai/chat-completions/request.ts";
import { parseJsonBody } from "../../server/json-body.ts";
import { DEFAULT_LIMITS } from "../../server/limits.ts";
import type { Delivery } from "../delivery.ts";
import type { RunOutcome } from "../running/run-outcome.ts";
import type { Passthrough } from "../target.ts";
import { UpstreamError } from "../upstream-errors.ts";
import { passThrough } from "./pass-through.ts";

const chunk = (fields: object): string => `data: ${JSON.stringify({ choices: [], ...fields })}\n\n`;
const TEXT = chunk({ choices: [{ index: 0, delta: { content: "hi" }, finish_reason: null }] });
const FINISH = chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
const FAILURE = `data: ${JSON.stringify({ error: { message: "no more", type: "server_error" } })}\n\n`;

async function streamThenReset(
  events: string,
): Promise<{ outcome: RunOutcome; sent: string; ended: boolean }> {
  const passthrough: Passthrough = {
    dispatch(_request, handler) {
      queueMicrotask(() => {
        handler.onRequestStart({ pause() {}, resume() {}, abort() {} });
        handler.onResponseStart(200, { "content-type": "text/event-stream" });
        handler.onData(Buffer.from(events));
        handler.onError(new UpstreamError({ fault: "reset", target: "p/a", message: "it closed" }));
      });
    },
  };
  const { targets } = createBench({ r: ["p/a"] }, [{ id: "p/a", passthrough: () => passthrough }]);
  const body = Buffer.from(
    JSON.stringify({ model: "r", stream: true, messages: [{ role: "user", content: "x" }] }),
  );
  let sent = "";
  let ended = false;
  const delivery: Delivery = {
    requestId: "r",
    signal: new AbortController().signal,
    onCancel() {},
    note() {},
    annotate() {},
    showLimits() {},
    send() {},
    openStream: () => ({
      send: (part) => void (sent += Buffer.from(part as string).toString()),
      end: () => void (ended = true),
    }),
  };
  const outcome = await passThrough({
    request: parseChatCompletion(parseJsonBody(body, 100), DEFAULT_LIMITS),
    target: targets.get("p/a")!,
    passthrough,
    body,
    contentType: "application/json",
    headers: {},
    hidesUsage: false,
    delivery,
    timeouts: { connectMs: 1000, firstTokenMs: 1000, totalMs: 1000, stallMs: 1000 },
    totalLeftMs: 1000,
    limits: DEFAULT_LIMITS,
    recording: undefined,
    onCommit() {},
  });
  return { outcome, sent, ended };
}

describe("a connection that breaks", () => {
  it("after the stream's end has harmed nothing", async () => {
    const { outcome, sent, ended } = await streamThenReset(`${TEXT}${FINISH}data: [DONE]\n\n`);
    assert.equal(outcome.error, undefined);
    assert.equal(sent, `${TEXT}${FINISH}data: [DONE]\n\n`);
    assert.equal(ended, true);
  });

  it("after the provider's own error adds no second one", async () => {
    const { outcome, sent, ended } = await streamThenReset(TEXT + FAILURE);
    assert.equal((outcome.error as UpstreamError).fault, "server-error");
    assert.equal(sent, TEXT + FAILURE);
    assert.equal(ended, true);
  });

  it("in the middle of the answer has cut it short", async () => {
    const { outcome, ended } = await streamThenReset(TEXT);
    assert.equal((outcome.error as UpstreamError).fault, "cut-short");
    assert.deepEqual([outcome.committed, ended], [true, false]);
  });
});
