// Only what others rely on: that it answers each protocol in its own form, counts right, and misbehaves as told.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import OpenAI, { APIConnectionError, NotFoundError, RateLimitError } from "openai";
import { sendRequest } from "../raw-http.ts";
import { startScriptedUpstream } from "./start-scripted-upstream.ts";
import type { ScriptedUpstream } from "./start-scripted-upstream.ts";

describe("the scripted upstream", () => {
  let upstream: ScriptedUpstream;
  let client: OpenAI;
  before(async () => {
    upstream = await startScriptedUpstream();
    client = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: "any", maxRetries: 0 });
  });
  after(() => upstream.stop());

  const ask = (model: string, content: string) =>
    client.chat.completions.create({ model, messages: [{ role: "user", content }] });
  const askAnthropic = (body: object) =>
    sendRequest(`${upstream.url}/v1/messages`, {
      headers: { "x-api-key": "any", "anthropic-version": "2023-06-01" },
      body: { model: "scripted", max_tokens: 2000, ...body },
    });

  test("calls tools in parallel as the user's text says, and reads their results", async () => {
    const tools = ["weather", "time"].map((name) => ({
      type: "function" as const,
      function: {
        name,
        parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      },
    }));
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: "user", content: 'call weather({"city": "Oslo (N)"}) and call time' },
    ];
    const first = await client.chat.completions.create({ model: "scripted", messages, tools });
    const { message, finish_reason } = first.choices[0]!;
    assert.equal(finish_reason, "tool_calls");
    const calls = message.tool_calls!.map((call) =>
      call.type === "function" ? [call.function.name, call.function.arguments] : [],
    );
    assert.deepEqual(calls, [
      ["weather", '{"city": "Oslo (N)"}'],
      ["time", '{"city":"text"}'],
    ]);
    messages.push(message);
    for (const { id } of message.tool_calls!)
      messages.push({ role: "tool", tool_call_id: id, content: "fine" });
    const second = await client.chat.completions.create({ model: "scripted", messages, tools });
    assert.equal(second.choices[0]!.message.content, "Results: weather=fine; time=fine");
    messages.pop();
    await assert.rejects(client.chat.completions.create({ model: "scripted", messages, tools }), {
      status: 400,
    });
  });

  test("says the same streamed as whole, and reports the same usage", async () => {
    const whole = await ask("scripted", "say: over the hills and far away");
    const stream = await client.chat.completions.create({
      model: "scripted",
      messages: [{ role: "user", content: "say: over the hills and far away" }],
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let usage: unknown;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, whole.choices[0]!.message.content);
    assert.deepEqual(usage, whole.usage);
  });

  test("speaks Responses, reasoning and structured output included", async () => {
    const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
    const stream = client.responses.stream({
      model: "scripted",
      input: "a number, please",
      reasoning: { effort: "low", summary: "auto" },
      text: { format: { type: "json_schema", name: "n", schema } },
    });
    const response = await stream.finalResponse();
    assert.deepEqual(
      response.output.map(({ type }) => type),
      ["reasoning", "message"],
    );
    assert.deepEqual(JSON.parse(response.output_text), { n: 7 });
    assert.ok(response.usage!.output_tokens_details.reasoning_tokens > 0);
  });

  test("refuses thinking that does not come back as it left", async () => {
    const thinking = { type: "enabled", budget_tokens: 1024 };
    const tools = [{ name: "look", input_schema: { type: "object" } }];
    const question = { role: "user", content: "call look" };
    const first = await askAnthropic({ messages: [question], thinking, tools });
    assert.equal(first.status, 200, first.text);
    const { content, stop_reason } = JSON.parse(first.text) as {
      content: { id?: string }[];
      stop_reason: string;
    };
    assert.equal(stop_reason, "tool_use");
    const result = { type: "tool_result", tool_use_id: content.at(-1)!.id, content: "seen" };
    const continueWith = (content: object[]) =>
      askAnthropic({
        messages: [question, { role: "assistant", content }, { role: "user", content: [result] }],
        thinking,
        tools,
      });
    const second = await continueWith(content);
    assert.match(second.text, /Results: look=seen/);
    const changed = await continueWith([{ ...content[0], thinking: "else" }, ...content.slice(1)]);
    assert.equal(changed.status, 400);
    assert.equal(
      (await continueWith(content.slice(1))).status,
      400,
      "with thinking on, the turn begins with it",
    );
  });

  test("fails as the model's name says, so often, and counts it", async () => {
    await upstream.reset();
    await assert.rejects(ask("fault-429-retry-after-3-times-1", "hi"), (error: unknown) => {
      assert.ok(error instanceof RateLimitError);
      return error.headers.get("retry-after") === "3";
    });
    const answer = await ask("fault-429-retry-after-3-times-1", "hi #tag=one");
    await assert.rejects(ask("fault-reset-before-head", "hi"), APIConnectionError);
    await assert.rejects(ask("fault-misspelt", "hi"), NotFoundError);
    await upstream.setFault("scripted", "503", 1);
    await assert.rejects(ask("scripted", "hi"), { status: 503 });
    await ask("scripted", "hi");
    const { models, requests } = await upstream.quiet();
    assert.equal(requests, 6);
    const { faulted, completed, inputTokens } = models["fault-429-retry-after-3-times-1"]!;
    assert.deepEqual([faulted, completed], [1, 1]);
    assert.ok(inputTokens >= answer.usage!.prompt_tokens);
    const records = await upstream.records();
    assert.equal(records.find(({ tag }) => tag === "one")?.outputTokens, answer.usage!.completion_tokens);
  });
});
