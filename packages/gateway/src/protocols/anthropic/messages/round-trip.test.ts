// Anthropic's protocol on both sides of the port: what the AI SDK's Anthropic provider sends must be what our
// client sent, and what it reads must come out again as it went in.
import assert from "node:assert/strict";
import { it } from "node:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import type { ChatCall, ChatModel } from "@homegrown/contracts";
import { withProvenThinking } from "../../../providers/proven-thinking.ts";
import { HEAD, translate } from "./requests.fixture.ts";
import { USAGE } from "./answers.fixture.ts";

interface Sent {
  body?: Record<string, unknown>;
}

/** A Claude whose provider gives this answer. */
function claude(answer: string, contentType: string, sent: Sent = {}): ChatModel {
  const provider = createAnthropic({
    apiKey: "test",
    fetch: (_url, init) => {
      sent.body = JSON.parse(String(init?.body)) as Record<string, unknown>;
      return Promise.resolve(new Response(answer, { headers: { "content-type": contentType } }));
    },
  });
  return withProvenThinking(provider.languageModel("claude-sonnet-4-5"), false);
}

const EPHEMERAL = { type: "ephemeral" };
const REQUEST = {
  model: "claude-sonnet-4-5",
  max_tokens: 2000,
  system: [
    { type: "text", text: "You help." },
    { type: "text", text: "Long.", cache_control: { type: "ephemeral", ttl: "1h" } },
  ],
  messages: [
    {
      role: "user",
      content: [
        { type: "text", text: "See both.", cache_control: EPHEMERAL },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0K" } },
        {
          type: "document",
          source: { type: "base64", media_type: "application/pdf", data: "JVBERi0x" },
          title: "Plan",
          citations: { enabled: true },
        },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "First look.", signature: "EqQBsig" },
        { type: "redacted_thinking", data: "EmwKdata" },
        { type: "text", text: "Looking." },
        { type: "tool_use", id: "toolu_1", name: "look", input: { q: "a" } },
      ],
    },
    {
      role: "user",
      content: [
        {
          type: "tool_result",
          tool_use_id: "toolu_1",
          content: "nothing",
          is_error: true,
          cache_control: EPHEMERAL,
        },
        { type: "text", text: "And now?" },
      ],
    },
  ],
  tools: [{ name: "look", description: "Looks", input_schema: { type: "object" }, cache_control: EPHEMERAL }],
  tool_choice: { type: "auto", disable_parallel_tool_use: true },
  thinking: { type: "enabled", budget_tokens: 1024 },
  stop_sequences: ["END"],
  metadata: { user_id: "u1" },
};

const start = (index: number, block: object): object => ({
  type: "content_block_start",
  index,
  content_block: block,
});
const delta = (index: number, change: object): object => ({
  type: "content_block_delta",
  index,
  delta: change,
});
const end = (index: number): object => ({ type: "content_block_stop", index });

const CONTENT = [
  { type: "thinking", thinking: "It is clear.", signature: "EqQBnew" },
  { type: "redacted_thinking", data: "EmwKnew" },
  {
    type: "text",
    text: "The plan says so.",
    citations: [
      {
        type: "page_location",
        cited_text: "so",
        document_index: 0,
        document_title: "Plan",
        file_id: null,
        start_page_number: 1,
        end_page_number: 2,
      },
    ],
  },
  { type: "tool_use", id: "toolu_2", name: "look", input: { q: "b" }, caller: { type: "direct" } },
];

it("a request reaches Claude through the port as it was written", async () => {
  const sent: Sent = {};
  const message = {
    type: "message",
    id: "m",
    model: "c",
    content: [],
    usage: { input_tokens: 1, output_tokens: 1 },
  };
  const call: ChatCall = { ...translate(REQUEST).call, maxOutputTokens: 2000 };
  await claude(JSON.stringify(message), "application/json", sent).doGenerate(call);
  const system = [
    { type: "text", text: "You help.\nLong.", cache_control: { type: "ephemeral", ttl: "1h" } },
  ];
  assert.deepEqual(sent.body, { ...REQUEST, system });
});

it("a whole answer of Claude comes out as it went in", async () => {
  const message = {
    type: "message",
    id: "m",
    model: "claude-sonnet-4-5",
    role: "assistant",
    content: CONTENT,
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: { input_tokens: 30, output_tokens: 33, service_tier: "priority" },
  };
  const translation = translate(REQUEST);
  const result = await claude(JSON.stringify(message), "application/json").doGenerate(translation.call);
  const rendered = JSON.parse(translation.renderAnswer([result], USAGE, HEAD)) as typeof message;
  assert.deepEqual(rendered.content, CONTENT);
  assert.equal(rendered.stop_reason, "tool_use");
  assert.equal(rendered.usage.service_tier, "priority");
});

it("a streamed answer of Claude comes out event by event as it went in", async () => {
  const [thinking, redacted, text, toolUse] = CONTENT as [object, object, { citations: object[] }, object];
  const blocks = [
    start(0, { ...thinking, thinking: "", signature: "" }),
    delta(0, { type: "thinking_delta", thinking: "It is " }),
    delta(0, { type: "thinking_delta", thinking: "clear." }),
    delta(0, { type: "signature_delta", signature: "EqQBnew" }),
    end(0),
    start(1, redacted),
    end(1),
    start(2, { type: "text", text: "", citations: null }),
    delta(2, { type: "text_delta", text: "The plan says so." }),
    delta(2, { type: "citations_delta", citation: text.citations[0] }),
    end(2),
    start(3, { ...toolUse, input: {} }),
    delta(3, { type: "input_json_delta", partial_json: '{"q":' }),
    delta(3, { type: "input_json_delta", partial_json: '"b"}' }),
    end(3),
  ];
  const message = { id: "m", type: "message", role: "assistant", model: "c", content: [] };
  const events: object[] = [
    { type: "message_start", message: { ...message, usage: { input_tokens: 30, output_tokens: 1 } } },
    ...blocks,
    { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 33 } },
    { type: "message_stop" },
  ];
  const translation = translate({ ...REQUEST, stream: true });
  const { stream } = await claude(events.map(toEvent).join(""), "text/event-stream").doStream(
    translation.call,
  );
  const renderer = translation.createStream(HEAD);
  let output = renderer.start();
  for await (const part of stream) output += renderer.render(0, part);
  output += renderer.end(USAGE);
  const rendered = output
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => JSON.parse(event.slice(event.indexOf("data: ") + 6)) as { type: string });
  assert.deepEqual(
    rendered.filter(({ type }) => type.startsWith("content_block")),
    blocks,
  );
  const [first, ping] = rendered as unknown as [{ message: { usage: object } }, { type: string }];
  assert.partialDeepStrictEqual(first.message.usage, { input_tokens: 30, output_tokens: 0 });
  assert.equal(ping.type, "ping");
  assert.deepEqual(rendered.at(-2), {
    type: "message_delta",
    delta: { stop_reason: "tool_use", stop_sequence: null, stop_details: null, container: null },
    usage: {
      input_tokens: 30,
      cache_creation_input_tokens: 20,
      cache_read_input_tokens: 70,
      output_tokens: 33,
      output_tokens_details: { thinking_tokens: 11 },
      server_tool_use: null,
    },
  });
  assert.deepEqual(rendered.at(-1), { type: "message_stop" });
});

function toEvent(event: object): string {
  return `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`;
}
