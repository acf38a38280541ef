import assert from "node:assert/strict";
import { it } from "node:test";
import type { ChatModel, ChatResult, ChatStreamPart } from "@homegrown/contracts";
import { UpstreamError } from "../core/upstream-errors.ts";
import { guardChat } from "./guarded-chat.ts";

const RULES = { kind: "openai", logProbabilities: false } as const;
const CALL = { prompt: [] };
const USAGE: ChatResult["usage"] = {
  inputTokens: { total: 5, noCache: 5, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 2, text: 2, reasoning: 0 },
};
const delta = (text: string): ChatStreamPart => ({ type: "text-delta", id: "0", delta: text });
const finish = (unified: ChatResult["finishReason"]["unified"], raw?: string): ChatStreamPart => ({
  type: "finish",
  finishReason: { unified, raw },
  usage: USAGE,
});

/** A package's model that streams these parts, and tells whether its stream was given up. */
function model(parts: readonly ChatStreamPart[]): { chat: ChatModel; cancelled(): boolean } {
  let cancelled = false;
  let next = 0;
  const chat: ChatModel = {
    specificationVersion: "v4",
    provider: "test",
    modelId: "m",
    supportedUrls: {},
    doGenerate: () => Promise.reject(new Error("not used")),
    doStream: async () => ({
      stream: new ReadableStream<ChatStreamPart>({
        pull(controller) {
          const part = parts[next++];
          if (part === undefined) controller.close();
          else controller.enqueue(part);
        },
        cancel() {
          cancelled = true;
        },
      }),
    }),
  };
  return { chat, cancelled: () => cancelled };
}

async function read(chat: ChatModel): Promise<ChatStreamPart[]> {
  const { stream } = await guardChat(chat, RULES, "p/m").doStream(CALL);
  return Array.fromAsync(stream);
}

function faultOf(part: ChatStreamPart | undefined): string {
  assert.ok(part?.type === "error" && part.error instanceof UpstreamError, JSON.stringify(part));
  return part.error.fault;
}

it("hands on a good stream as it is", async () => {
  const parts = [delta("a"), delta("b"), finish("stop", "stop")];
  assert.deepEqual(await read(model(parts).chat), parts);
});

it("ends with the provider's error, and takes nothing that comes after it", async () => {
  const failing = model([
    delta("a"),
    { type: "error", error: { type: "overloaded_error" } },
    delta("b"),
    finish("error"),
  ]);
  const parts = await read(failing.chat);
  assert.equal(parts.length, 2);
  assert.equal(faultOf(parts[1]), "overloaded");
  assert.equal(failing.cancelled(), true);
});

it("calls no stream complete whose end the package missed", async () => {
  for (const [end, fault] of [
    [[], "cut-short"],
    [[finish("interrupted")], "cut-short"],
    [[finish("other")], "cut-short"],
    [[finish("error", "error")], "server-error"],
  ] as const) {
    const parts = await read(model([delta("a"), ...end]).chat);
    assert.equal(faultOf(parts.at(-1)), fault, JSON.stringify(end));
  }
  assert.equal((await read(model([finish("other", "recitation")]).chat)).at(-1)!.type, "finish");
  assert.equal((await read(model([finish("tool-calls")]).chat)).at(-1)!.type, "finish");
});

it("needs a reason's name where the provider always gives one", async () => {
  const rules = { ...RULES, alwaysNamesReason: true };
  const { stream } = await guardChat(model([finish("tool-calls")]).chat, rules, "p/m").doStream(CALL);
  assert.equal(faultOf((await Array.fromAsync(stream)).at(-1)), "cut-short");
});

function billed(usage: ChatResult["usage"]): ChatResult["usage"] {
  return { ...usage, inputTokens: { ...usage.inputTokens, total: 3 } };
}

it("reports what the provider bills", async () => {
  const { stream } = await guardChat(
    model([finish("stop", "stop")]).chat,
    { ...RULES, billed },
    "p/m",
  ).doStream(CALL);
  const [part] = await Array.fromAsync(stream);
  assert.ok(part?.type === "finish" && part.usage.inputTokens.total === 3);
});

it("gives the package's stream up when nobody reads it any more", async () => {
  const { chat, cancelled } = model([delta("a"), delta("b"), delta("c")]);
  const { stream } = await guardChat(chat, RULES, "p/m").doStream(CALL);
  for await (const _ of stream) break;
  assert.equal(cancelled(), true);
});
