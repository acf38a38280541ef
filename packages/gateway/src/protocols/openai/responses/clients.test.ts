// The clients that exist read what is rendered here: OpenAI's own SDK, which checks that a stream's events fit
// together, and the AI SDK, which checks the shape of each.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import OpenAI from "openai";
import type { ResponseInputItem } from "openai/resources/responses/responses";
import type { ChatCall, ChatStreamPart } from "@homegrown/contracts";
import { startAnswering } from "./answering.fixture.ts";
import type { AnsweringServer } from "./answering.fixture.ts";

const TOOLS = [
  { type: "function" as const, name: "weather", parameters: { type: "object" }, strict: null },
  { type: "custom" as const, name: "apply_patch" },
];

let server: AnsweringServer;

before(async () => {
  server = await startAnswering();
});
after(() => server.close());

const newClient = (): OpenAI => new OpenAI({ apiKey: "x", baseURL: server.url, maxRetries: 0 });

it("OpenAI's SDK puts the events together to the object that ends them", async () => {
  for (const reasoning of [{ summary: "auto" as const }, null]) {
    const types: string[] = [];
    const stream = newClient()
      .responses.stream({
        model: "own",
        input: "hi",
        tools: TOOLS,
        reasoning,
        include: ["reasoning.encrypted_content"],
      })
      .on("event", ({ type }) => types.push(type));
    const response = await stream.finalResponse();
    assert.equal(response.output_text, "Bern is the capital.");
    assert.equal(response.status, "completed");
    assert.deepEqual(
      response.output.map(({ type }) => type),
      ["reasoning", "message", "function_call", "custom_tool_call"],
    );
    assert.ok(types.includes("response.output_text.annotation.added"));
    assert.equal(types.at(-1), "response.completed");
  }
});

it("OpenAI's SDK reads a whole answer, and hands its items back", async () => {
  const client = newClient();
  const first = await client.responses.create({
    model: "own",
    input: "hi",
    tools: TOOLS,
    include: ["reasoning.encrypted_content"],
  });
  assert.equal(first.output_text, "Bern is the capital.");
  assert.equal(first.usage?.total_tokens, 17);
  await client.responses.create({
    model: "own",
    tools: TOOLS,
    input: [
      { role: "user", content: "hi" },
      ...(first.output as ResponseInputItem[]),
      { type: "function_call_output", call_id: "c1", output: "rain" },
      { type: "custom_tool_call_output", call_id: "c2", output: "done" },
    ],
  });
  const [, assistant, tool] = server.prompt();
  assert.deepEqual(assistant, {
    role: "assistant",
    content: [
      { type: "reasoning", text: "Let me think.", providerOptions: { anthropic: { signature: "sig" } } },
      { type: "text", text: "Bern is the capital." },
      { type: "tool-call", toolCallId: "c1", toolName: "weather", input: { city: "Bern" } },
      { type: "tool-call", toolCallId: "c2", toolName: "apply_patch", input: { input: "*** Patch" } },
    ],
  });
  assert.ok(tool?.role === "tool" && tool.content.length === 2);
});

it("the AI SDK accepts every event and every item, and hands thoughts back", async () => {
  const model = createOpenAI({ apiKey: "x", baseURL: server.url }).responses("o4-mini");
  const call: ChatCall = {
    prompt: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
    tools: [{ type: "function", name: "weather", inputSchema: { type: "object" } }],
    providerOptions: { openai: { store: false, reasoningSummary: "auto" } },
  };
  const whole = await model.doGenerate(call);
  const seen = (type: string): number => whole.content.filter((content) => content.type === type).length;
  assert.deepEqual([seen("reasoning"), seen("text"), seen("tool-call")], [1, 1, 2]);
  assert.equal(whole.finishReason.unified, "tool-calls");
  assert.equal(whole.usage.inputTokens.cacheRead, 4);

  const { stream } = await model.doStream(call);
  const parts: ChatStreamPart[] = [];
  for await (const part of stream) parts.push(part);
  assert.deepEqual(
    parts.filter(({ type }) => type === "error"),
    [],
  );
  const written = (type: string): string =>
    parts.map((part) => (part.type === type && "delta" in part ? part.delta : "")).join("");
  assert.equal(written("text-delta"), "Bern is the capital.");
  assert.equal(written("reasoning-delta"), "Let me think.");
  assert.equal(parts.at(-1)?.type, "finish");

  const thought = whole.content.find((content) => content.type === "reasoning");
  const options = { providerOptions: thought?.providerMetadata ?? {} };
  await model.doGenerate({
    ...call,
    prompt: [
      ...call.prompt,
      { role: "assistant", content: [{ type: "reasoning", text: "Let me think.", ...options }] },
      { role: "user", content: [{ type: "text", text: "and?" }] },
    ],
  });
  assert.deepEqual(server.prompt()[1], {
    role: "assistant",
    content: [
      { type: "reasoning", text: "Let me think.", providerOptions: { anthropic: { signature: "sig" } } },
    ],
  });
});
