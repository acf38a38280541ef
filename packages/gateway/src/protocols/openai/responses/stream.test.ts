import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChatStreamPart } from "@homegrown/contracts";
import type { ResponseOutputItem } from "openai/resources/responses/responses";
import {
  HEAD,
  USAGE,
  finish,
  readEvents,
  resultOf,
  streamText,
  text,
  translate,
} from "./responses.fixture.ts";

const FUNCTION = { type: "function", name: "weather", parameters: { type: "object" } };
const PATCH = { type: "custom", name: "apply_patch" };

/** To look into, member by member. */
interface Json {
  readonly [member: string]: Json;
  readonly [index: number]: Json;
}

const typesOf = async (body: object, parts: ChatStreamPart[]): Promise<string[]> =>
  readEvents(streamText(await translate(body), parts)).map(({ type }) => type.replace("response.", ""));

async function finalOf(body: object, parts: ChatStreamPart[]): Promise<Json> {
  const events = readEvents(streamText(await translate(body), parts));
  return events.at(-1)!["response"] as Json;
}

describe("the events of a stream", () => {
  it("text", async () => {
    assert.deepEqual(await typesOf({}, [...text("a", "b"), finish()]), [
      "created",
      "in_progress",
      "output_item.added",
      "content_part.added",
      "output_text.delta",
      "output_text.delta",
      "output_text.done",
      "content_part.done",
      "output_item.done",
      "completed",
    ]);
  });

  it("thoughts, shown as a summary where one was asked for and as themselves otherwise", async () => {
    const parts: ChatStreamPart[] = [
      { type: "reasoning-start", id: "r" },
      { type: "reasoning-delta", id: "r", delta: "Hm" },
      { type: "reasoning-delta", id: "r", delta: "m." },
      { type: "reasoning-end", id: "r" },
      ...text("a"),
      finish(),
    ];
    assert.deepEqual((await typesOf({ reasoning: { summary: "auto" } }, parts)).slice(2, 9), [
      "output_item.added",
      "reasoning_summary_part.added",
      "reasoning_summary_text.delta",
      "reasoning_summary_text.delta",
      "reasoning_summary_text.done",
      "reasoning_summary_part.done",
      "output_item.done",
    ]);
    assert.deepEqual((await typesOf({}, parts)).slice(2, 9), [
      "output_item.added",
      "content_part.added",
      "reasoning_text.delta",
      "reasoning_text.delta",
      "reasoning_text.done",
      "content_part.done",
      "output_item.done",
    ]);
    const { output } = await finalOf({}, parts);
    assert.deepEqual(output?.[0]?.["content"], [{ type: "reasoning_text", text: "Hmm." }]);
    assert.equal(output?.[1]?.["content"]?.[0]?.["text"], "a");
  });

  it("calls of functions, of functions in a namespace and of custom tools", async () => {
    const parts: ChatStreamPart[] = [
      { type: "tool-input-start", id: "c1", toolName: "weather" },
      { type: "tool-input-delta", id: "c1", delta: '{"city":' },
      { type: "tool-input-delta", id: "c1", delta: '"Bern"}' },
      { type: "tool-input-end", id: "c1" },
      { type: "tool-call", toolCallId: "c1", toolName: "weather", input: '{"city":"Bern"}' },
      { type: "tool-input-start", id: "c2", toolName: "apply_patch" },
      { type: "tool-input-delta", id: "c2", delta: '{"input":"*** Begin' },
      { type: "tool-input-delta", id: "c2", delta: '\\nPatch"}' },
      {
        type: "tool-call",
        toolCallId: "c2",
        toolName: "apply_patch",
        input: '{"input":"*** Begin\\nPatch"}',
      },
      { type: "tool-call", toolCallId: "c3", toolName: "agents__spawn", input: "" },
      finish("tool-calls"),
    ];
    const tools = [
      FUNCTION,
      PATCH,
      { type: "namespace", name: "agents", description: "", tools: [{ type: "function", name: "spawn" }] },
    ];
    assert.deepEqual((await typesOf({ tools }, parts)).slice(2, -1), [
      "output_item.added",
      "function_call_arguments.delta",
      "function_call_arguments.delta",
      "function_call_arguments.done",
      "output_item.done",
      "output_item.added",
      "custom_tool_call_input.delta",
      "custom_tool_call_input.done",
      "output_item.done",
      "output_item.added",
      "function_call_arguments.delta",
      "function_call_arguments.done",
      "output_item.done",
    ]);
    const { output } = await finalOf({ tools }, parts);
    const [first, second, third] = output as unknown as ResponseOutputItem[];
    assert.deepEqual(first, {
      id: "fc_0123abcd_0",
      type: "function_call",
      status: "completed",
      arguments: '{"city":"Bern"}',
      call_id: "c1",
      name: "weather",
    });
    assert.ok(second?.type === "custom_tool_call" && second.input === "*** Begin\nPatch");
    assert.ok(third?.type === "function_call" && third.namespace === "agents" && third.name === "spawn");
    assert.equal(third.arguments, "{}");
  });

  it("a refusal", async () => {
    const refusing = { providerMetadata: { homegrown: { refusal: true } } };
    const parts: ChatStreamPart[] = [
      { type: "text-delta", id: "t", delta: "I cannot.", ...refusing },
      { type: "text-end", id: "t" },
      finish(),
    ];
    assert.deepEqual((await typesOf({}, parts)).slice(3, 7), [
      "content_part.added",
      "refusal.delta",
      "refusal.done",
      "content_part.done",
    ]);
    const { output } = await finalOf({}, parts);
    assert.deepEqual(output?.[0]?.["content"], [{ type: "refusal", refusal: "I cannot." }]);
  });

  it("citations become annotations, and so do sources that nothing cites", async () => {
    const source = { type: "source", sourceType: "url", id: "s", url: "https://a.b", title: "A" } as const;
    const cited: ChatStreamPart[] = [
      { type: "text-delta", id: "t", delta: "Bern." },
      { type: "text-end", id: "t", citations: [{ source, startIndex: 0, endIndex: 4 }] },
      finish(),
    ];
    const mentioned: ChatStreamPart[] = [source, ...text("Bern."), finish()];
    for (const [parts, start, end] of [
      [cited, 0, 4],
      [mentioned, 5, 5],
    ] as const) {
      assert.equal((await typesOf({}, parts))[5], "output_text.annotation.added");
      const { output } = await finalOf({}, parts);
      assert.deepEqual(output?.[0]?.["content"]?.[0]?.["annotations"], [
        { type: "url_citation", start_index: start, end_index: end, title: "A", url: "https://a.b" },
      ]);
    }
  });

  it("log-probabilities where they were asked for, and only there", async () => {
    const alternative = { id: 2, text: "B", bytes: [66], logProbability: -Infinity };
    const token = { id: 1, text: "A", bytes: [65], logProbability: -0.5, top: [alternative] };
    const parts: ChatStreamPart[] = [
      {
        type: "text-delta",
        id: "t",
        delta: "A",
        providerMetadata: { homegrown: { tokens: [token] } as never },
      },
      finish(),
    ];
    const expected = [
      { token: "A", bytes: [65], logprob: -0.5, top_logprobs: [{ token: "B", bytes: [66], logprob: -9999 }] },
    ];
    const asking = { include: ["message.output_text.logprobs"], top_logprobs: 1 };
    const asked = await finalOf(asking, parts);
    assert.deepEqual(asked["output"]?.[0]?.["content"]?.[0]?.["logprobs"], expected);
    assert.deepEqual((await finalOf({}, parts))["output"]?.[0]?.["content"]?.[0]?.["logprobs"], []);
  });

  it("several blocks of text are parts of one message, until something else comes between", async () => {
    const parts: ChatStreamPart[] = [
      { type: "text-delta", id: "1", delta: "a" },
      { type: "text-delta", id: "2", delta: "b" },
      { type: "tool-call", toolCallId: "c", toolName: "weather", input: "{}" },
      { type: "text-delta", id: "2", delta: "c" },
      finish(),
    ];
    const { output } = await finalOf({ tools: [FUNCTION] }, parts);
    const items = output as unknown as { content?: { text: string }[] }[];
    const texts = items.map(({ content }) => content?.map((part) => part.text));
    assert.deepEqual(texts, [["a", "b"], undefined, ["c"]]);
  });

  it("an image", async () => {
    const data = { type: "data", data: new Uint8Array([1, 2, 3]) } as const;
    const { output } = await finalOf({}, [{ type: "file", mediaType: "image/png", data }, finish()]);
    assert.deepEqual(output, [
      { id: "ig_0123abcd_0", type: "image_generation_call", status: "completed", result: "AQID" },
    ]);
  });
});

it("an answer that was cut says so, in its last item too", async () => {
  const cut = await finalOf({}, [...text("a").slice(0, 2), finish("length")]);
  assert.equal(cut["status"], "incomplete");
  assert.deepEqual(cut["incomplete_details"], { reason: "max_output_tokens" });
  assert.equal(cut["output"]?.[0]?.["status"], "incomplete");
  const filtered = await finalOf({}, [finish("content-filter")]);
  assert.deepEqual(filtered["incomplete_details"], { reason: "content_filter" });
  const calling: ChatStreamPart[] = [
    { type: "tool-input-start", id: "c", toolName: "weather" },
    { type: "tool-input-delta", id: "c", delta: '{"ci' },
    finish("length"),
  ];
  const { output } = await finalOf({ tools: [FUNCTION] }, calling);
  assert.equal(output?.[0]?.["status"], "incomplete");
  assert.equal(output?.[0]?.["arguments"], '{"ci');
});

it("the whole answer says what the stream says", async () => {
  const tools = [FUNCTION, PATCH];
  const body = { tools, include: ["reasoning.encrypted_content"], reasoning: { summary: "auto" } };
  const signature = { anthropic: { signature: "sig" } };
  const translation = await translate(body);
  const whole = translation.renderAnswer(
    [
      resultOf([
        { type: "reasoning", text: "Hm.", providerMetadata: signature },
        { type: "text", text: "Hello" },
        { type: "tool-call", toolCallId: "c", toolName: "apply_patch", input: '{"input":"x"}' },
      ]),
    ],
    USAGE,
    HEAD,
  );
  const streamed = await finalOf(body, [
    { type: "reasoning-start", id: "r" },
    { type: "reasoning-delta", id: "r", delta: "Hm." },
    { type: "reasoning-delta", id: "r", delta: "", providerMetadata: signature },
    { type: "reasoning-end", id: "r" },
    ...text("Hel", "lo"),
    { type: "tool-input-start", id: "c", toolName: "apply_patch" },
    { type: "tool-input-delta", id: "c", delta: '{"input":"x"}' },
    { type: "tool-call", toolCallId: "c", toolName: "apply_patch", input: '{"input":"x"}' },
    finish(),
  ]);
  const parsed = JSON.parse(whole) as Json;
  assert.deepEqual({ ...parsed, completed_at: 0 }, { ...streamed, completed_at: 0 });
  assert.deepEqual(parsed["usage"], {
    input_tokens: 10,
    input_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
    output_tokens: 7,
    output_tokens_details: { reasoning_tokens: 2 },
    total_tokens: 17,
  });
});
