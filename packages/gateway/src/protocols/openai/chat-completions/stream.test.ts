import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChatResult, ChatStreamPart } from "@homegrown/contracts";
import OpenAI from "openai";
import { NO_USAGE } from "../../../core/token-usage.ts";
import { renderChatCompletion } from "./render.ts";
import { ChatCompletionStream } from "./stream.ts";

const HEAD = { id: "x1", createdAt: 1_700_000_000, model: "garden", version: "garden@1" };
const USAGE = { ...NO_USAGE, input: 10, cacheRead: 4, output: 7, reasoning: 3 };
const PORT_USAGE: ChatResult["usage"] = {
  inputTokens: { total: 10, noCache: 6, cacheRead: 4, cacheWrite: 0 },
  outputTokens: { total: 7, text: 4, reasoning: 3 },
};
const options = (fields: object = {}): ConstructorParameters<typeof ChatCompletionStream>[1] => ({
  includeUsage: true,
  logProbabilities: false,
  customTools: new Set<string>(),
  ...fields,
});
const finish = (unified: ChatResult["finishReason"]["unified"] = "stop"): ChatStreamPart => ({
  type: "finish",
  finishReason: { unified, raw: unified },
  usage: PORT_USAGE,
});
const source = { type: "source", sourceType: "url", id: "s", url: "https://a.org", title: "A" } as const;
const token = { id: 1, text: "Hi", bytes: [72, 105], logProbability: -Infinity, top: [] };
const withTokens = { homegrown: { tokens: JSON.parse(JSON.stringify([token])) } };

function streamOf(parts: readonly ChatStreamPart[], fields: object = {}): string {
  const stream = new ChatCompletionStream(HEAD, options(fields));
  return stream.start() + parts.map((part) => stream.render(0, part)).join("") + stream.end(USAGE);
}

/** What OpenAI's own client makes of the bytes. */
async function readWithClient(events: string): Promise<OpenAI.ChatCompletion> {
  const client = new OpenAI({
    apiKey: "none",
    fetch: async () => new Response(events, { headers: { "content-type": "text/event-stream" } }),
  });
  return await client.chat.completions
    .stream({ model: "garden", messages: [{ role: "user", content: "?" }] })
    .finalChatCompletion();
}

/** Chunks of an answer; the last event must be `[DONE]`. */
function chunksOf(events: string): OpenAI.ChatCompletionChunk[] {
  const lines = events.trimEnd().split("\n\n");
  assert.equal(lines.pop(), "data: [DONE]");
  return lines.map((line) => JSON.parse(line.slice("data: ".length)) as OpenAI.ChatCompletionChunk);
}

const argumentsOf = (streamed: string, whole: string): string =>
  chunksOf(
    streamOf([
      { type: "tool-input-start", id: "a", toolName: "f" },
      { type: "tool-input-delta", id: "a", delta: streamed },
      { type: "tool-call", toolCallId: "a", toolName: "f", input: whole },
      { type: "tool-call", toolCallId: "a", toolName: "f", input: whole },
      finish("tool-calls"),
    ]),
  )
    .flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])
    .map((call) => call.function?.arguments ?? "")
    .join("");

describe("a streamed chat completion", () => {
  it("begins with the role, carries thoughts and text, ends with reason, usage and [DONE]", () => {
    const chunks = chunksOf(
      streamOf([
        { type: "reasoning-start", id: "r" },
        { type: "reasoning-delta", id: "r", delta: "Hm." },
        { type: "text-start", id: "t" },
        { type: "text-delta", id: "t", delta: "" },
        { type: "text-delta", id: "t", delta: 'Say "hi"\n' },
        { type: "text-end", id: "t" },
        finish("length"),
      ]),
    );
    const deltas = chunks.map(({ choices }) => choices[0]?.delta);
    assert.deepEqual(deltas, [
      { role: "assistant", content: "", refusal: null },
      { reasoning_content: "Hm." },
      { content: 'Say "hi"\n' },
      {},
      undefined,
    ]);
    assert.deepEqual(
      chunks.map(({ choices }) => choices[0]?.finish_reason),
      [null, null, null, "length", undefined],
    );
    assert.ok(chunks.every(({ id, object }) => id === "chatcmpl-x1" && object === "chat.completion.chunk"));
    assert.ok(chunks.slice(0, -1).every(({ usage }) => usage === null));
    assert.deepEqual(chunks.at(-1)!.usage, {
      prompt_tokens: 10,
      completion_tokens: 7,
      total_tokens: 17,
      prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 3 },
    });
  });

  it("has no usage unless asked", () => {
    const chunks = chunksOf(streamOf([finish()], { includeUsage: false }));
    assert.equal(chunks.length, 2);
    assert.ok(chunks.every((chunk) => !("usage" in chunk)));
  });

  it("opens each choice once, whatever its first part is", () => {
    const stream = new ChatCompletionStream(HEAD, options());
    const parts = [finish(), { type: "text-delta", id: "t", delta: "a" }, finish()] as const;
    const events = stream.render(1, parts[0]!) + stream.render(0, parts[1]!) + stream.render(0, parts[2]!);
    const chunks = chunksOf(events + stream.end(USAGE));
    const opened = chunks.filter(({ choices }) => choices[0]?.delta.role === "assistant");
    assert.deepEqual(
      opened.map(({ choices }) => choices[0]!.index),
      [1, 0],
    );
  });

  it("gives parallel tool calls to OpenAI's client whole, each once", async () => {
    const answer = await readWithClient(
      streamOf([
        { type: "tool-input-start", id: "a", toolName: "one" },
        { type: "tool-input-start", id: "b", toolName: "two" },
        { type: "tool-input-delta", id: "a", delta: '{"x"' },
        { type: "tool-input-delta", id: "b", delta: "{" },
        { type: "tool-input-delta", id: "a", delta: ":1}" },
        { type: "tool-input-end", id: "a" },
        { type: "tool-call", toolCallId: "a", toolName: "one", input: '{"x":1}' },
        { type: "tool-input-delta", id: "b", delta: "}" },
        { type: "tool-call", toolCallId: "b", toolName: "two", input: "{}" },
        { type: "tool-call", toolCallId: "c", toolName: "three", input: '{"whole":true}' },
        finish("stop"),
      ]),
    );
    const { message, finish_reason } = answer.choices[0]!;
    assert.equal(finish_reason, "tool_calls");
    assert.deepEqual(
      message.tool_calls?.map(
        (call) => call.type === "function" && [call.id, call.function.name, call.function.arguments],
      ),
      [
        ["a", "one", '{"x":1}'],
        ["b", "two", "{}"],
        ["c", "three", '{"whole":true}'],
      ],
    );
  });

  it("adds what only the whole call knows, and takes nothing back", () => {
    assert.equal(argumentsOf("", "{}"), "{}");
    assert.equal(argumentsOf('{"a"', '{"a":1}'), '{"a":1}');
    assert.equal(argumentsOf('{ "a": 1 }', '{"a":1}'), '{ "a": 1 }');
  });

  it("calls custom tools with their text, and keeps the provider's own calls to itself", () => {
    const chunks = chunksOf(
      streamOf(
        [
          { type: "tool-input-start", id: "p", toolName: "web", providerExecuted: true },
          { type: "tool-input-delta", id: "p", delta: "{}" },
          { type: "tool-call", toolCallId: "p", toolName: "web", input: "{}", providerExecuted: true },
          { type: "tool-input-start", id: "n", toolName: "note" },
          { type: "tool-input-delta", id: "n", delta: '{"input":"fr' },
          { type: "tool-input-delta", id: "n", delta: 'ee"}' },
          { type: "tool-call", toolCallId: "n", toolName: "note", input: '{"input":"free"}' },
          finish("tool-calls"),
        ],
        { customTools: new Set(["note"]) },
      ),
    );
    const calls = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
    assert.deepEqual(calls, [{ index: 0, id: "n", type: "custom", custom: { name: "note", input: "free" } }]);
    const searched = chunksOf(
      streamOf([
        { type: "tool-call", toolCallId: "p", toolName: "web", input: "{}", providerExecuted: true },
        finish("tool-calls"),
      ]),
    );
    assert.equal(searched.at(-2)!.choices[0]!.finish_reason, "stop");
  });

  it("cites sources, shows images and log-probabilities", () => {
    const chunks = chunksOf(
      streamOf(
        [
          { type: "text-start", id: "1" },
          { type: "text-delta", id: "1", delta: "Hi", providerMetadata: withTokens },
          { type: "text-end", id: "1" },
          { type: "text-start", id: "2" },
          { type: "text-delta", id: "2", delta: "World" },
          { type: "text-end", id: "2", citations: [{ source, startIndex: 1, endIndex: 3 }] },
          source,
          { type: "file", mediaType: "image/png", data: { type: "data", data: "AAAA" } },
          finish(),
        ],
        { logProbabilities: true },
      ),
    );
    const deltas = chunks.map(({ choices }) => choices[0]?.delta as Record<string, unknown> | undefined);
    const positions = deltas.flatMap((delta) =>
      ((delta?.["annotations"] ?? []) as { url_citation: { start_index: number; end_index: number } }[]).map(
        ({ url_citation }) => [url_citation.start_index, url_citation.end_index],
      ),
    );
    assert.deepEqual(positions, [
      [3, 5],
      [7, 7],
    ]);
    assert.ok(
      deltas.some((delta) => JSON.stringify(delta?.["images"])?.includes("data:image/png;base64,AAAA")),
    );
    const logprobs = chunks.flatMap(({ choices }) => choices[0]?.logprobs?.content ?? []);
    assert.deepEqual(logprobs, [{ token: "Hi", logprob: -9999, bytes: [72, 105], top_logprobs: [] }]);
  });

  it("fails where the model does", () => {
    for (const unified of ["error", "interrupted"] as const) {
      assert.throws(() => streamOf([finish(unified)]), { code: "gateway/model-failed" });
    }
    const reasons = (["stop", "length", "content-filter", "other"] as const).map(
      (unified) => chunksOf(streamOf([finish(unified)])).at(-2)!.choices[0]!.finish_reason,
    );
    assert.deepEqual(reasons, ["stop", "length", "content_filter", "stop"]);
  });
});

const result = (
  content: ChatResult["content"],
  unified: ChatResult["finishReason"]["unified"],
): ChatResult => ({
  content,
  finishReason: { unified, raw: unified },
  usage: PORT_USAGE,
  warnings: [],
});
const render = (results: ChatResult[], fields: object = {}): OpenAI.ChatCompletion =>
  JSON.parse(renderChatCompletion(HEAD, results, USAGE, options(fields))) as OpenAI.ChatCompletion;

const citation = (start_index: number, end_index: number): object => ({
  type: "url_citation",
  url_citation: { start_index, end_index, title: "A", url: "https://a.org" },
});

describe("a whole chat completion", () => {
  it("says all that the model said, in OpenAI's shape", () => {
    const answer = render(
      [
        result(
          [
            { type: "reasoning", text: "Hm." },
            { type: "text", text: "Hello", citations: [{ source }] },
            source,
            { type: "text", text: " you", providerMetadata: withTokens },
            { type: "file", mediaType: "image/png", data: { type: "data", data: new Uint8Array([0, 0, 0]) } },
          ],
          "stop",
        ),
        result(
          [
            { type: "tool-call", toolCallId: "a", toolName: "f", input: '{"x":1}' },
            { type: "tool-call", toolCallId: "b", toolName: "note", input: '"plain"' },
            { type: "tool-call", toolCallId: "p", toolName: "web", input: "{}", providerExecuted: true },
          ],
          "tool-calls",
        ),
        result([], "content-filter"),
      ],
      { logProbabilities: true, customTools: new Set(["note"]) },
    );
    assert.deepEqual(
      [answer.id, answer.object, answer.created, answer.model, answer.system_fingerprint],
      ["chatcmpl-x1", "chat.completion", 1_700_000_000, "garden", "garden@1"],
    );
    assert.deepEqual(answer.choices[0], {
      index: 0,
      message: {
        role: "assistant",
        content: "Hello you",
        refusal: null,
        reasoning_content: "Hm.",
        annotations: [citation(0, 5), citation(5, 5)],
        images: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }],
      },
      logprobs: {
        content: [{ token: "Hi", logprob: -9999, bytes: [72, 105], top_logprobs: [] }],
        refusal: null,
      },
      finish_reason: "stop",
    });
    assert.deepEqual(answer.choices[1]!.message, {
      role: "assistant",
      content: null,
      refusal: null,
      tool_calls: [
        { id: "a", type: "function", function: { name: "f", arguments: '{"x":1}' } },
        { id: "b", type: "custom", custom: { name: "note", input: "plain" } },
      ],
    });
    assert.equal(answer.choices[1]!.finish_reason, "tool_calls");
    assert.equal(answer.choices[2]!.message.content, "");
    assert.equal(answer.choices[2]!.finish_reason, "content_filter");
  });

  it("fails where the model does", () => {
    assert.throws(() => render([result([], "error")]), { code: "gateway/model-failed" });
  });
});
