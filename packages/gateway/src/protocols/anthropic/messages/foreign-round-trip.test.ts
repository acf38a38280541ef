// A conversation with tools and thinking whose models are other providers': what they sealed in one turn must
// reach them in the next, through blocks that Anthropic's clients send back unchanged.
import assert from "node:assert/strict";
import { it } from "node:test";
import { createGoogle } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import type { ChatModel } from "@homegrown/contracts";
import { USAGE } from "./answers.fixture.ts";
import { HEAD, translate } from "./requests.fixture.ts";

interface Sent {
  body: Record<string, unknown>;
}

function answering(answer: object, sent: Sent): typeof globalThis.fetch {
  return (_url, init) => {
    sent.body = JSON.parse(String(init?.body)) as Record<string, unknown>;
    return Promise.resolve(Response.json(answer));
  };
}

const REQUEST = {
  messages: [{ role: "user", content: "Look." }],
  tools: [{ name: "look", input_schema: { type: "object", properties: {} } }],
  thinking: { type: "enabled", budget_tokens: 10_000 },
};

/** Asks, sends the answer back with a tool's result, and gives what the provider was then asked. */
async function twoTurns(
  model: ChatModel,
  sent: Sent,
): Promise<{ first: Sent["body"]; second: Sent["body"] }> {
  const turn = translate(REQUEST);
  const result = await model.doGenerate(turn.call);
  const first = sent.body;
  const { content } = JSON.parse(turn.renderAnswer([result], USAGE, HEAD)) as {
    content: { type: string; id: string }[];
  };
  const call = content.find(({ type }) => type === "tool_use");
  assert.ok(call, "the answer holds no call");
  const messages = [
    ...REQUEST.messages,
    { role: "assistant", content },
    { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "Seen." }] },
  ];
  await model.doGenerate(translate({ ...REQUEST, messages }).call);
  return { first, second: sent.body };
}

it("OpenAI thinks, stores nothing, and gets its sealed reasoning back", async () => {
  const sent: Sent = { body: {} };
  const answer = {
    id: "resp_1",
    created_at: 1,
    model: "gpt-5",
    output: [
      {
        type: "reasoning",
        id: "rs_1",
        encrypted_content: "gAAA-sealed",
        summary: [{ type: "summary_text", text: "I look." }],
      },
      { type: "function_call", id: "fc_1", call_id: "call_1", name: "look", arguments: '{"a":1}' },
    ],
    usage: { input_tokens: 1, output_tokens: 1 },
  };
  const model = createOpenAI({ apiKey: "test", fetch: answering(answer, sent) }).responses("gpt-5");
  const { first, second } = await twoTurns(model, sent);
  assert.equal(first["store"], false);
  assert.deepEqual(first["include"], ["reasoning.encrypted_content"]);
  assert.partialDeepStrictEqual(first["reasoning"], { effort: "medium" });
  assert.deepEqual((second["input"] as object[]).slice(1), [
    {
      type: "reasoning",
      encrypted_content: "gAAA-sealed",
      summary: [{ type: "summary_text", text: "I look." }],
    },
    { type: "function_call", call_id: "call_1", name: "look", arguments: '{"a":1}' },
    { type: "function_call_output", call_id: "call_1", output: "Seen." },
  ]);
});

it("Google shows its thoughts, and gets the signature of its call back", async () => {
  const sent: Sent = { body: {} };
  const parts = [
    { text: "I look.", thought: true },
    { functionCall: { name: "look", args: { a: 1 } }, thoughtSignature: "CiQB-signed" },
  ];
  const answer = {
    candidates: [{ content: { role: "model", parts }, finishReason: "STOP" }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1 },
  };
  const model = createGoogle({ apiKey: "test", fetch: answering(answer, sent) }).languageModel(
    "gemini-3-pro-preview",
  );
  const { first, second } = await twoTurns(model, sent);
  assert.partialDeepStrictEqual(first, { generationConfig: { thinkingConfig: { includeThoughts: true } } });
  const [, assistant, tool] = second["contents"] as { role: string; parts: object[] }[];
  assert.deepEqual(assistant?.parts[0], { text: "I look.", thought: true });
  assert.partialDeepStrictEqual(assistant?.parts[1], {
    functionCall: { name: "look", args: { a: 1 } },
    thoughtSignature: "CiQB-signed",
  });
  assert.partialDeepStrictEqual(tool?.parts[0], { functionResponse: { name: "look" } });
});
