// Clients that read Anthropic's protocol with parsers of their own.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import type { ChatStreamPart } from "@homegrown/contracts";
import { ChatAnthropic } from "@langchain/anthropic";
import { ANSWERS, startAnswering } from "./answers.fixture.ts";
import type { AnsweringServer } from "./answers.fixture.ts";

let server: AnsweringServer;

before(async () => {
  server = await startAnswering();
});
after(() => server.close());

const PROMPT = [{ role: "user" as const, content: [{ type: "text" as const, text: "Hello" }] }];
const TOOL = { type: "function" as const, name: "look", inputSchema: { type: "object" as const } };

it("the AI SDK reads every answer, streamed and whole", async () => {
  const model = createAnthropic({ baseURL: `${server.url}/v1`, apiKey: "test" }).languageModel("first");
  for (const [name, answer] of Object.entries(ANSWERS)) {
    server.next = answer;
    const whole = await model.doGenerate({ prompt: PROMPT, tools: [TOOL] });
    assert.equal(whole.usage.inputTokens.total, 120, name);
    assert.equal(whole.usage.outputTokens.reasoning, 11, name);
    const { stream } = await model.doStream({ prompt: PROMPT, tools: [TOOL] });
    const parts: ChatStreamPart[] = await Array.fromAsync(stream);
    assert.deepEqual(
      parts.filter(({ type }) => type === "error"),
      [],
      name,
    );
    const calls = whole.content.filter(({ type }) => type === "tool-call");
    const streamed = parts.filter(({ type }) => type === "tool-call");
    assert.deepEqual(streamed.map(inputOf), calls.map(inputOf), name);
    const finish = parts.findLast((part) => part.type === "finish");
    assert.deepEqual(finish?.finishReason, whole.finishReason, name);
    assert.equal(finish?.usage.inputTokens.total, 120, name);
  }
});

it("LangChain reads calls, thinking and text, streamed and whole", async () => {
  const model = new ChatAnthropic({
    model: "first",
    apiKey: "test",
    anthropicApiUrl: server.url,
    maxRetries: 0,
    maxTokens: 100,
  });
  server.next = ANSWERS["parallel calls after text that ends late"]!;
  const whole = await model.invoke("Hello");
  assert.deepEqual(
    whole.tool_calls?.map(({ name, args }) => [name, args]),
    [
      ["look", { q: "a" }],
      ["read", {}],
    ],
  );
  let text = "";
  const names: (string | undefined)[] = [];
  for await (const chunk of await model.stream("Hello")) {
    text += chunk.text;
    for (const call of chunk.tool_call_chunks ?? []) if (call.name) names.push(call.name);
  }
  assert.equal(text, "So.");
  assert.deepEqual(names, ["look", "read"]);
  server.next = ANSWERS["Anthropic's thinking, redacted thinking and citations"]!;
  const thought = await model.invoke("Hello");
  assert.equal(thought.text, "It is.");
});

function inputOf(part: object): unknown {
  const { toolCallId, toolName, input } = part as { toolCallId: string; toolName: string; input: string };
  return { toolCallId, toolName, input: JSON.parse(input) as unknown };
}
