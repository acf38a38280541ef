import assert from "node:assert/strict";
import { it } from "node:test";
import type { ChatCall, ChatModel, ChatResult, ChatStreamPart } from "@homegrown/contracts";
import { withProvenThinking } from "./proven-thinking.ts";

const calls: ChatCall[] = [];
const RESULT: ChatResult = {
  content: [],
  finishReason: { unified: "stop", raw: "end_turn" },
  usage: {
    inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 1, text: 1, reasoning: 0 },
  },
  warnings: [],
};
const MODEL: ChatModel = {
  specificationVersion: "v4",
  provider: "test",
  modelId: "m",
  supportedUrls: {},
  async doGenerate(call) {
    calls.push(call);
    return RESULT;
  },
  async doStream(call) {
    calls.push(call);
    return { stream: ReadableStream.from<ChatStreamPart>([{ type: "stream-start", warnings: [] }]) };
  },
};

function resultsAfter(proof: Record<string, string> | undefined): ChatCall {
  const text = { type: "text" as const, text: "?" };
  return {
    reasoning: "medium",
    prompt: [
      { role: "user", content: [text] },
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "Hm.", ...(proof && { providerOptions: { anthropic: proof } }) },
          { type: "tool-call", toolCallId: "a", toolName: "f", input: {} },
        ],
      },
      {
        role: "tool",
        content: [
          { type: "tool-result", toolCallId: "a", toolName: "f", output: { type: "text", value: "1" } },
        ],
      },
    ],
  };
}

async function sent(call: ChatCall, adapts = false): Promise<{ thinking: unknown; warned: boolean }> {
  const model = withProvenThinking(MODEL, adapts);
  const { warnings } = await model.doGenerate(call);
  const { stream } = await model.doStream(call);
  const [start] = await Array.fromAsync(stream);
  assert.deepEqual(start, { type: "stream-start", warnings });
  const [whole, streamed] = calls.splice(0);
  assert.deepEqual(streamed, whole);
  const thinking = whole!.providerOptions?.["anthropic"]?.["thinking"] ?? whole!.reasoning;
  return { thinking, warned: warnings.length > 0 };
}

it("results whose calls lost their signed thinking are answered without thinking, and that is said", async () => {
  const off = { thinking: { type: "disabled" }, warned: true };
  assert.deepEqual(await sent(resultsAfter(undefined)), off);
  const budget = { providerOptions: { anthropic: { thinking: { type: "enabled" }, effort: "low" } } };
  assert.deepEqual(await sent({ ...resultsAfter(undefined), ...budget }, true), off);
});

it("proven thinking, models that adapt, and turns without calls are left alone", async () => {
  const kept = { thinking: "medium", warned: false };
  assert.deepEqual(await sent(resultsAfter({ signature: "s" })), kept);
  assert.deepEqual(await sent(resultsAfter({ redactedData: "s" })), kept);
  assert.deepEqual(await sent(resultsAfter(undefined), true), kept);
  const { prompt, ...rest } = resultsAfter(undefined);
  assert.deepEqual(await sent({ ...rest, prompt: prompt.slice(0, 1) }), kept);
  const none = { ...resultsAfter(undefined), reasoning: "none" as const };
  assert.deepEqual(await sent(none), { thinking: "none", warned: false });
});
