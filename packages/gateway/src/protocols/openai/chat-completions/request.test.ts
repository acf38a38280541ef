import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HomegrownError } from "@homegrown/contracts";
import type { ModelRequest } from "../../../core/model-request.ts";
import { parseJsonBody } from "../../../server/json-body.ts";
import { parseChatCompletion } from "./request.ts";

const parse = (fields: object): ModelRequest => {
  const body = { model: "m", messages: [{ role: "user", content: "Hi" }], ...fields };
  return parseChatCompletion(parseJsonBody(Buffer.from(JSON.stringify(body)), 100), { maxChoices: 16 });
};

const userSays = (...content: object[]): object => ({ messages: [{ role: "user", content }] });

const needs = (fields: object): boolean => parse(fields).needs.tools;

describe("a chat completion's request", () => {
  it("tells the core what it needs to route, bound and label it", () => {
    const request = parse({
      stream: true,
      n: 3,
      max_tokens: 10,
      max_completion_tokens: 20,
      logprobs: true,
      tools: [{ type: "function", function: { name: "f" } }],
      response_format: { type: "json_object" },
      metadata: { team: "garden" },
      user: "u".repeat(600),
      safety_identifier: "s1",
    });
    assert.equal(request.dialect, "openai/chat-completions");
    assert.equal(request.alias, "m");
    assert.equal(request.stream, true);
    assert.equal(request.numChoices, 3);
    assert.equal(request.maxOutputTokens, 20);
    assert.deepEqual(request.needs, {
      tools: true,
      input: new Set(["text"]),
      structuredOutput: true,
      logProbabilities: true,
    });
    assert.deepEqual(request.labels, { team: "garden", user: "u".repeat(512), safety_identifier: "s1" });
    assert.ok(request.maxInputTokens > request.bytes!.raw.length);
  });

  it("needs tools where one may be called, or was", () => {
    const tools = [{ type: "function", function: { name: "f" } }];
    assert.deepEqual(
      [needs({}), needs({ tools: [] }), needs({ tools, tool_choice: "none" })],
      [false, false, false],
    );
    assert.equal(needs({ tools, tool_choice: "auto" }), true);
    assert.equal(needs({ messages: [{ role: "tool", tool_call_id: "1", content: "" }] }), true);
  });

  it("counts images by number and everything else by its bytes", () => {
    const image = { type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(500_000)}` } };
    const audio = { type: "input_audio", input_audio: { data: "A".repeat(9000), format: "wav" } };
    const withImage = parse(userSays({ type: "text", text: "What is it?" }, image));
    assert.ok(withImage.maxInputTokens < 20_000);
    const both = parse(userSays(image, audio, { type: "file", file: { file_id: "f" } }));
    assert.ok(both.maxInputTokens > withImage.maxInputTokens + 8000);
    assert.deepEqual(both.needs.input, new Set(["text", "image", "audio", "file"]));
  });

  it("takes whatever a provider of this protocol may take", () => {
    const generous = [
      { n: 16, temperature: 0, top_p: 0, seed: 2 ** 60, stop: ["a", "b", "c", "d"] },
      { messages: [{ role: "critic", content: "Hm." }] },
      userSays({ type: "hologram", hologram: {} }),
      { tools: [{ type: "web_search_preview" }], tool_choice: { type: "mcp" } },
      { response_format: { type: "grammar", grammar: "root ::= x" }, reasoning_effort: "heroic" },
      { modalities: ["text", "audio"], audio: { voice: "alloy", format: "mp3" }, web_search_options: {} },
      { messages: [{ role: "assistant", content: null, tool_calls: [{ id: "c", type: "odd" }] }] },
      { messages: [{ role: "user" }], best_of_all: { worlds: [1] } },
      { temperature: null, tools: null, stop: null, logit_bias: null, stream_options: null },
    ];
    for (const fields of generous) assert.ok(parse(fields).bytes, JSON.stringify(fields));
  });

  const faults: [param: string, fields: object][] = [
    ["model", { model: 7 }],
    ["messages", { messages: "Hi" }],
    ["messages[0].role", { messages: [{ content: "Hi" }] }],
    ["messages[0].content", { messages: [{ role: "user", content: 5 }] }],
    ["messages[0].content[1].text", userSays({ type: "text", text: "a" }, { type: "text" })],
    ["messages[0].content[0].image_url", userSays({ type: "image_url", image_url: "http://x" })],
    ["messages[0].content[0].image_url.url", userSays({ type: "image_url", image_url: { url: 1 } })],
    [
      "messages[0].content[0].input_audio.format",
      userSays({ type: "input_audio", input_audio: { data: "" } }),
    ],
    ["messages[0].tool_calls[0].id", { messages: [{ role: "assistant", tool_calls: [{}] }] }],
    ["temperature", { temperature: 2.1 }],
    ["seed", { seed: 1.5 }],
    ["n", { n: 17 }],
    ["n", { n: 129 }],
    ["stop", { stop: ["a", "b", "c", "d", "e"] }],
    ["tools[0].function.name", { tools: [{ type: "function", function: {} }] }],
    ["top_logprobs", { top_logprobs: 3 }],
    ["response_format.json_schema", { response_format: { type: "json_schema" } }],
    [
      "response_format.json_schema.name",
      { response_format: { type: "json_schema", json_schema: { name: "ä" } } },
    ],
    ["metadata.a", { metadata: { a: 1 } }],
    ["stream_options.include_usage", { stream_options: { include_usage: "yes" } }],
  ];
  for (const [param, fields] of faults) {
    it(`refuses ${JSON.stringify(fields)} as ${param}`, () => {
      assert.throws(
        () => parse(fields),
        (error: HomegrownError) =>
          error.code === "gateway/invalid-request" && error.details["param"] === param,
      );
    });
  }

  it("can be asked with another body, checked like the client's", () => {
    const request = parse({ user: "a" });
    const changed = request.reparse!({ ...(request.body as object), user: "b", model: "other" });
    assert.deepEqual([changed.alias, changed.labels], ["other", { user: "b" }]);
    assert.equal(JSON.parse(changed.bytes!.raw.toString()).user, "b");
    for (const broken of [undefined, null, 5, { model: "m" }]) {
      assert.throws(() => request.reparse!(broken), { code: "gateway/invalid-request" });
    }
  });

  it("knows its conversation by the client's key, or by how it began", () => {
    const opening = [
      { role: "system", content: "Be kind." },
      { role: "user", content: [{ type: "text", text: "Hi" }] },
    ];
    const first = parse({ messages: opening });
    const later = parse({
      messages: [...opening, { role: "assistant", content: "Yes?" }, { role: "user", content: "Go" }],
    });
    const other = parse({ messages: [{ role: "system", content: "Be rude." }, opening[1]!] });
    assert.equal(first.conversation(), later.conversation());
    assert.notEqual(first.conversation(), other.conversation());
    assert.equal(parse({ prompt_cache_key: "k" }).conversation(), "key:k");
    assert.equal(parse({ metadata: { conversation_id: "7" } }).conversation(), "id:7");
  });
});
