import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ChatMetadataExtension, TokenLogProbability } from "@homegrown/contracts";
import { startModelHost } from "../host/model-host.ts";
import type { ModelHost } from "../host/model-host.ts";
import { makeTinyModelFolder } from "../test-models/tiny-gguf.ts";
import type { TinyModelFolder } from "../test-models/tiny-gguf.ts";
import type { ChatCallOptions } from "./chat-prompt.ts";

let folder: TinyModelFolder;
let host: ModelHost;
before(async () => {
  folder = await makeTinyModelFolder();
  const { file } = await folder.make(3);
  host = await startModelHost({ ggufFile: file, modelId: "tiny" });
});
after(async () => {
  await host.close();
  await folder[Symbol.asyncDispose]();
});

const call = (options: Partial<ChatCallOptions> = {}): ChatCallOptions => ({
  prompt: [{ role: "user", content: [{ type: "text", text: "declare a function" }] }],
  maxOutputTokens: 32,
  seed: 11,
  temperature: 2,
  ...options,
});

const withTokens = { providerOptions: { homegrown: { logProbabilities: true, topLogProbabilities: 2 } } };

function tokensOf(metadata: unknown): readonly TokenLogProbability[] {
  return (metadata as { homegrown: ChatMetadataExtension } | undefined)?.homegrown.tokens ?? [];
}

test("streamed and whole answers are the same, parts come in the port's order", async () => {
  const whole = await host.chat.doGenerate(call(withTokens));
  const { stream } = await host.chat.doStream(call(withTokens));
  const parts = await Array.fromAsync(stream);
  assert.deepEqual(
    [...parts.slice(0, 3), ...parts.slice(-2)].map(({ type }) => type),
    ["stream-start", "response-metadata", "text-start", "text-end", "finish"],
  );
  const deltas = parts.slice(3, -2).map((part) => {
    assert.equal(part.type, "text-delta");
    return part as Extract<typeof part, { type: "text-delta" }>;
  });
  const [content] = whole.content;
  assert.equal(content?.type, "text");
  assert.equal(deltas.map(({ delta }) => delta).join(""), content!.type === "text" ? content!.text : "");
  const streamed = deltas.flatMap(({ providerMetadata }) => tokensOf(providerMetadata));
  const together = tokensOf(content!.providerMetadata);
  assert.ok(streamed.length > 0 && streamed.every(({ top }) => top.length === 2));
  assert.deepEqual(
    streamed.map(({ id, bytes }) => ({ id, bytes })),
    together.map(({ id, bytes }) => ({ id, bytes })),
  );
  // The second call reused the first one's prompt: evaluated in other batches, rounded otherwise.
  streamed.forEach(({ logProbability }, index) => {
    assert.ok(Math.abs(logProbability - together[index]!.logProbability) < 1e-3);
  });
  const finish = parts.at(-1)!;
  assert.ok(finish.type === "finish");
  assert.deepEqual(finish.finishReason, whole.finishReason);
  assert.equal(finish.usage.outputTokens.total, whole.usage.outputTokens.total);
});

test("a second turn evaluates only what is new", async () => {
  const first = await host.chat.doGenerate(call({ seed: 21 }));
  const again = await host.chat.doGenerate(call({ seed: 22 }));
  assert.equal(again.usage.inputTokens.total, first.usage.inputTokens.total);
  assert.equal(again.usage.inputTokens.noCache, 1);
  assert.equal(again.usage.inputTokens.cacheRead, again.usage.inputTokens.total! - 1);
});

test("an answer under a JSON schema is valid against it", async () => {
  const schema = {
    type: "object" as const,
    properties: {
      day: { type: "string" as const, format: "date" },
      score: { type: "integer" as const, minimum: 1, maximum: 5 },
      tags: { type: "array" as const, items: { enum: ["日本語", "🙂"] }, minItems: 1, maxItems: 3 },
      extra: { type: "null" as const },
    },
    required: ["day", "score", "tags"],
  };
  for (let seed = 0; seed < 6; seed += 1) {
    const responseFormat = { type: "json" as const, schema };
    const { stream } = await host.chat.doStream(call({ seed, responseFormat, maxOutputTokens: 200 }));
    let text = "";
    for await (const part of stream) {
      if (part.type !== "text-delta") continue;
      // Characters of three and four bytes, whose tokens are single bytes, arrive whole.
      assert.ok(!part.delta.includes("\u{fffd}") && part.delta.isWellFormed(), part.delta);
      text += part.delta;
    }
    const value = JSON.parse(text) as { day: string; score: number; tags: string[]; extra?: null };
    assert.equal(new Date(`${value.day}T00:00:00Z`).toISOString().slice(0, 10), value.day);
    assert.ok([1, 2, 3, 4, 5].includes(value.score));
    assert.ok(value.tags.length >= 1 && value.tags.length <= 3);
    assert.ok(value.tags.every((tag) => ["日本語", "🙂"].includes(tag)));
    assert.ok(Object.keys(value).every((key) => Object.hasOwn(schema.properties, key)));
  }
});

test("JSON without a schema begins an object", async () => {
  const { content } = await host.chat.doGenerate(call({ responseFormat: { type: "json" } }));
  assert.match(content[0]?.type === "text" ? content[0].text : "", /^\{/);
});

test("what the model cannot do is an error before any answer", async () => {
  const image = {
    type: "file" as const,
    mediaType: "image/png",
    data: { type: "data" as const, data: "AA==" },
  };
  const tools = [{ type: "function" as const, name: "f", inputSchema: {} }];
  const wrong: readonly [code: string, options: Partial<ChatCallOptions>][] = [
    ["serving/unsupported-content", { prompt: [{ role: "user", content: [image] }] }],
    ["serving/unsupported-tools", { tools }],
    ["serving/unsupported-tools", { prompt: [{ role: "tool", content: [] }] }],
    [
      "serving/unsupported-schema",
      { responseFormat: { type: "json", schema: { type: "string", pattern: "a" } } },
    ],
    ["serving/bad-setting", { temperature: -1 }],
    ["serving/bad-grammar", { responseFormat: { type: "json", schema: { $ref: "#" } } }],
    ["serving/prompt-too-long", { prompt: [{ role: "system", content: "x ".repeat(2000) }] }],
  ];
  for (const [code, options] of wrong) {
    await assert.rejects(async () => host.chat.doStream(call(options)), { code, kind: "invalid-input" });
    await assert.rejects(async () => host.chat.doGenerate(call(options)), { code });
  }
  const { finishReason } = await host.chat.doGenerate(call({ tools, toolChoice: { type: "none" } }));
  assert.ok(["stop", "length"].includes(finishReason.unified));
});

test("a grammar whose tokens are all banned fails that request only", async () => {
  const ids = await host.inspection.tokenize("1");
  const providerOptions = { homegrown: { logitBias: Object.fromEntries(ids.map((id) => [id, -100])) } };
  const { processId } = host;
  await assert.rejects(
    async () =>
      host.chat.doGenerate(call({ providerOptions, responseFormat: { type: "json", schema: { const: 1 } } })),
    { code: "serving/no-token-possible" },
  );
  assert.equal(host.processId, processId);
  await host.chat.doGenerate(call({ maxOutputTokens: 1 }));
});

test("settings that nothing here implements are warned of", async () => {
  const { warnings } = await host.chat.doGenerate(
    call({ reasoning: "high", providerOptions: { homegrown: { mystery: 1 } } }),
  );
  assert.deepEqual(warnings, [
    { type: "unsupported", feature: "providerOptions.homegrown.mystery" },
    { type: "unsupported", feature: "reasoning" },
  ]);
});

test("an abort in mid-stream ends it with an error part; a cancelled stream ends quietly", async () => {
  const logitBias = Object.fromEntries((await host.inspection.stopIds()).map((id) => [id, -100]));
  const long = { maxOutputTokens: 200, providerOptions: { homegrown: { logitBias } } };
  const abort = new AbortController();
  const { stream } = await host.chat.doStream(call({ ...long, abortSignal: abort.signal }));
  const types: string[] = [];
  for await (const part of stream) {
    types.push(part.type);
    if (part.type === "text-delta") abort.abort();
    if (part.type === "error") assert.equal((part.error as { code: string }).code, "serving/cancelled");
  }
  assert.equal(types.at(-1), "error");

  const { stream: left } = await host.chat.doStream(call(long));
  const reader = left.getReader();
  await reader.read();
  await reader.cancel();
  assert.equal(
    (await host.chat.doGenerate(call({ maxOutputTokens: 1 }))).usage.outputTokens.total! <= 1,
    true,
  );
});

test("free strings under a grammar are well-formed UTF-8, so their length holds", async () => {
  const schema = { type: "string" as const, minLength: 12, maxLength: 12 };
  for (let seed = 0; seed < 6; seed += 1) {
    const { content } = await host.chat.doGenerate(
      call({ seed, temperature: 8, maxOutputTokens: 200, responseFormat: { type: "json", schema } }),
    );
    const value = JSON.parse(content[0]?.type === "text" ? content[0].text : "") as string;
    assert.equal([...value].length, 12, value);
    assert.ok(!value.includes("\u{fffd}"), value);
  }
});
