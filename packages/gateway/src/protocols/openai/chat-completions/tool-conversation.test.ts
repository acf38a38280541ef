// OpenAI's own client holds a conversation with tools, over this front's translation and a scripted model.
import assert from "node:assert/strict";
import { it } from "node:test";
import type { ChatCall, ChatResult, ChatStreamPart } from "@homegrown/contracts";
import OpenAI from "openai";
import type { ChatTranslation } from "../../../core/model-request.ts";
import { NO_USAGE } from "../../../core/token-usage.ts";
import { parseJsonBody } from "../../../server/json-body.ts";
import { parseChatCompletion } from "./request.ts";

const HEAD = { id: "x", createdAt: 1, model: "m", version: "m@1" };
const USAGE: ChatResult["usage"] = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

/** Asks for the weather in two places at once, then says what it was told. */
function answerOf(call: ChatTranslation["call"]): ChatResult["content"] {
  const results = call.prompt.flatMap((message) => (message.role === "tool" ? message.content : []));
  if (results.length === 0) {
    return [
      { type: "reasoning", text: "I need both." },
      { type: "tool-call", toolCallId: "c1", toolName: "weather", input: '{"city":"Rome"}' },
      { type: "tool-call", toolCallId: "c2", toolName: "weather", input: '{"city":"Oslo"}' },
    ];
  }
  const told = results.map((result) =>
    result.type === "tool-result" && result.output.type === "text" ? result.output.value : "?",
  );
  return [{ type: "text", text: told.join(" and ") }];
}

function partsOf(content: ChatResult["content"]): ChatStreamPart[] {
  return content.flatMap((part): ChatStreamPart[] => {
    if (part.type === "tool-call") {
      const { toolCallId: id, toolName, input } = part;
      const [first, second] = [input.slice(0, 5), input.slice(5)];
      return [
        { type: "tool-input-start", id, toolName },
        { type: "tool-input-delta", id, delta: first },
        { type: "tool-input-delta", id, delta: second },
        { type: "tool-input-end", id },
        part,
      ];
    }
    if (part.type === "text") return [{ type: "text-delta", id: "t", delta: part.text }];
    return part.type === "reasoning" ? [{ type: "reasoning-delta", id: "r", delta: part.text }] : [];
  });
}

function createClient(calls: ChatTranslation["call"][]): OpenAI {
  return new OpenAI({
    apiKey: "none",
    fetch: async (_url, init) => {
      const body = parseJsonBody(Buffer.from(String(init?.body)), 100);
      const request = parseChatCompletion(body, { maxChoices: 1 });
      const translation = request.translate() as ChatTranslation;
      calls.push(translation.call);
      const content = answerOf(translation.call);
      const unified = content.some(({ type }) => type === "tool-call") ? "tool-calls" : "stop";
      const finishReason = { unified, raw: undefined } as const;
      if (request.stream) {
        const stream = translation.createStream(HEAD);
        const parts: ChatStreamPart[] = [...partsOf(content), { type: "finish", finishReason, usage: USAGE }];
        const events = parts.map((part) => stream.render(0, part)).join("") + stream.end(NO_USAGE);
        return new Response(events, { headers: { "content-type": "text/event-stream" } });
      }
      const result: ChatResult = { content, finishReason, usage: USAGE, warnings: [] };
      const headers = { "content-type": "application/json" };
      return new Response(translation.renderAnswer([result], NO_USAGE, HEAD), { headers });
    },
  });
}

for (const stream of [false, true]) {
  it(`two tools at once and their results, ${stream ? "streamed" : "whole"}`, async () => {
    const calls: ChatTranslation["call"][] = [];
    const asked: string[] = [];
    const runner = createClient(calls).chat.completions.runTools({
      model: "m",
      stream: stream as true,
      messages: [{ role: "user", content: "Weather in Rome and Oslo?" }],
      tools: [
        {
          type: "function",
          function: {
            name: "weather",
            description: "Tells the weather.",
            parameters: { type: "object", properties: { city: { type: "string" } } },
            parse: JSON.parse as (input: string) => { city: string },
            function: ({ city }: { city: string }) => {
              asked.push(city);
              return `${city}: fine`;
            },
          },
        },
      ],
    });
    assert.equal(await runner.finalContent(), "Rome: fine and Oslo: fine");
    assert.deepEqual(asked, ["Rome", "Oslo"]);
    const [, second] = calls;
    assert.deepEqual(rolesOf(second!.prompt), ["user", "assistant", "tool"]);
    assert.deepEqual(
      second!.prompt[1]!.role === "assistant" &&
        second!.prompt[1]!.content.flatMap((part) => (part.type === "tool-call" ? [part.input] : [])),
      [{ city: "Rome" }, { city: "Oslo" }],
    );
  });
}

function rolesOf(prompt: ChatCall["prompt"]): string[] {
  return prompt.map(({ role }) => role);
}
