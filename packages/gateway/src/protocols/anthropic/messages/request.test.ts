import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sealReasoning } from "../carried-reasoning.ts";
import { HELLO, ask, translate } from "./requests.fixture.ts";

const SCHEMA = { type: "object", properties: { a: { type: "string" } } };
const TOOL = { name: "look", description: "Looks", input_schema: SCHEMA };
const paramOf = (act: () => unknown): string | undefined => {
  try {
    act();
  } catch (error) {
    assert.equal((error as { code?: string }).code, "gateway/invalid-request");
    return (error as { details: { param: string } }).details.param;
  }
  return undefined;
};

const conversationOf = (userId: string | undefined, headers = {}): string | undefined =>
  ask(userId === undefined ? {} : { metadata: { user_id: userId } }, headers).conversation();
const thinkingOf = (fields: object): unknown => {
  const { reasoning, providerOptions } = translate(fields).call;
  const { thinking, effort } = providerOptions!["anthropic"]!;
  return { reasoning, thinking, effort };
};
const enabled = (budget: number): object => ({ thinking: { type: "enabled", budget_tokens: budget } });
const google = (fields: object): unknown => translate(fields).call.providerOptions!["google"];

describe("what a request says of itself", () => {
  it("needs, limits and labels", () => {
    const image = {
      type: "image",
      source: { type: "base64", media_type: "image/png", data: "A".repeat(9000) },
    };
    const pdf = { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JV" } };
    const request = ask({
      stream: true,
      tools: [TOOL],
      metadata: { user_id: "u1" },
      output_config: { format: { type: "json_schema", schema: SCHEMA } },
      messages: [{ role: "user", content: [image, pdf] }],
    });
    assert.equal(request.dialect, "anthropic/messages");
    assert.equal(request.alias, "first");
    assert.equal(request.stream, true);
    assert.equal(request.maxOutputTokens, 100);
    assert.deepEqual(request.labels, { user_id: "u1" });
    assert.deepEqual(request.needs, {
      tools: true,
      input: new Set(["text", "image", "file"]),
      structuredOutput: true,
      logProbabilities: false,
    });
    assert.ok(request.maxInputTokens > 16_384 && request.maxInputTokens < 9000 + 16_384);
    assert.deepEqual(ask().needs.input, new Set(["text"]));
    assert.deepEqual(ask().labels, {});
  });

  it("images and files in results of tools count as well", () => {
    const image = { type: "image", source: { type: "url", url: "https://example.org/a.png" } };
    const content = [{ type: "tool_result", tool_use_id: "t", content: [image] }];
    const request = ask({ messages: [{ role: "user", content }] });
    assert.deepEqual(request.needs.input, new Set(["text", "image"]));
    assert.ok(request.maxInputTokens > 16_384);
  });

  it("the bound holds for what Anthropic fetches itself; the estimate stays near the text", () => {
    const search = { type: "web_search_20250305", name: "web_search" };
    const remote = { type: "document", source: { type: "url", url: "https://example.org/a.pdf" } };
    assert.ok(ask({ tools: [search] }).maxInputTokens > 1e6);
    assert.ok(ask({ messages: [{ role: "user", content: [remote] }] }).maxInputTokens > 1e6);
    assert.ok(ask({ tools: [search] }).estimatedInputTokens() < 100);
    assert.ok(ask({ tools: [TOOL] }).maxInputTokens < 2000);
    const text = "word ".repeat(700);
    assert.equal(ask({ system: text, messages: [HELLO] }).estimatedInputTokens(), 1_002 + 4);
  });

  it("conversations are told apart by the client's session, or else by how they begin", () => {
    assert.equal(conversationOf("user_ab_account_cd_session_1f-2e"), "1f-2e");
    assert.equal(conversationOf('{"device_id":"d","account_uuid":"a","session_id":"s-9"}'), "s-9");
    assert.equal(conversationOf("u", { "x-claude-code-session-id": "s-7" }), "s-7");
    assert.equal(conversationOf("u"), conversationOf(undefined));
    assert.equal(conversationOf("{broken"), conversationOf(undefined));
    const cached = { type: "text", text: "Hello", cache_control: { type: "ephemeral" } };
    const later = ask({
      messages: [
        { role: "user", content: [cached] },
        { role: "assistant", content: "Hi" },
      ],
    });
    assert.equal(later.conversation(), ask().conversation());
    assert.notEqual(ask({ system: "s" }).conversation(), ask().conversation());
  });

  it("a body that Anthropic would refuse is refused with the name of the field", () => {
    assert.equal(
      paramOf(() => ask({ max_tokens: undefined })),
      "max_tokens",
    );
    assert.equal(
      paramOf(() => ask({ max_tokens: 1.5 })),
      "max_tokens",
    );
    assert.equal(
      paramOf(() => ask({ messages: [] })),
      "messages",
    );
    assert.equal(
      paramOf(() => ask({ messages: [{ role: "tool", content: "" }] })),
      "messages.0.role",
    );
    assert.equal(
      paramOf(() => ask({ messages: [{ role: "user" }] })),
      "messages.0.content",
    );
    assert.equal(
      paramOf(() => ask({ messages: [HELLO, { role: "user", content: 3 }] })),
      "messages.1.content",
    );
    assert.equal(
      paramOf(() => ask({ stop_sequences: "x" })),
      "stop_sequences",
    );
  });

  it("a hook's body is checked like the client's, and keeps its headers", () => {
    const request = ask({ metadata: { user_id: "a" } }, { "anthropic-beta": "x" });
    const changed = request.reparse!({ ...(request.body as object), metadata: { user_id: "b" } });
    assert.deepEqual(changed.labels, { user_id: "b" });
    assert.deepEqual(changed.bytes!.headers, { "anthropic-beta": "x" });
    assert.equal(JSON.parse(changed.bytes!.raw.toString()).metadata.user_id, "b");
    assert.equal(
      paramOf(() => request.reparse!({ model: "m", max_tokens: 1 })),
      "messages",
    );
    assert.equal(
      paramOf(() => request.reparse!(null)),
      "",
    );
  });

  it("what nobody here knows reaches a provider that may", () => {
    const request = ask(
      {
        messages: [{ role: "user", content: [{ type: "newer", x: 1 }] }],
        tools: [{ type: "newer_tool" }],
        new_field: 1,
      },
      { "anthropic-version": "2023-06-01", "anthropic-beta": "a,b", "x-api-key": "secret", cookie: "c" },
    );
    assert.deepEqual(request.bytes?.headers, { "anthropic-version": "2023-06-01", "anthropic-beta": "a,b" });
    assert.match(request.bytes!.raw.toString(), /"new_field":1/);
    assert.match(request.bytes!.edit({ model: "claude-x" }).toString(), /"model":"claude-x".*"newer"/);
  });
});

describe("bytes that pass through", () => {
  const thinking = { type: "thinking", thinking: "hm", signature: sealReasoning(undefined) };
  const ours = { type: "web_search_result_location", encrypted_index: "homegrown-1.", url: "https://x" };

  it("leave out thinking and citations of other providers, which Anthropic would refuse", () => {
    const said = { type: "text", text: "So.", citations: [ours] };
    const request = ask({
      messages: [
        HELLO,
        { role: "assistant", content: [thinking, said] },
        { role: "assistant", content: [thinking] },
      ],
    });
    const expected = {
      model: "first",
      max_tokens: 100,
      messages: [HELLO, { role: "assistant", content: [{ type: "text", text: "So.", citations: null }] }],
    };
    assert.deepEqual(JSON.parse(request.bytes!.raw.toString()), expected);
    assert.deepEqual(JSON.parse(request.bytes!.edit({ model: "y" }).toString()), { ...expected, model: "y" });
  });

  it("stay as they are otherwise, even where a text speaks of the mark", () => {
    const signed = { type: "thinking", thinking: "homegrown-1.", signature: "EqQB" };
    const body = { messages: [HELLO, { role: "assistant", content: [signed] }] };
    const { bytes } = ask(body);
    assert.equal(bytes!.raw.toString(), JSON.stringify({ model: "first", max_tokens: 100, ...body }));
  });
});

describe("what a port is asked", () => {
  it("sampling, stops and the choice of tools", () => {
    const { call, dropped } = translate({
      temperature: 0.3,
      top_p: 0.9,
      top_k: 7,
      stop_sequences: ["\n\n", "END"],
      tools: [
        { ...TOOL, type: "custom", cache_control: { type: "ephemeral" }, strict: true },
        { name: "b", input_schema: {}, input_examples: [{ a: "x" }], defer_loading: true },
      ],
      tool_choice: { type: "tool", name: "look", disable_parallel_tool_use: true },
      metadata: { user_id: "u1" },
    });
    assert.deepEqual(call, {
      prompt: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
      temperature: 0.3,
      topP: 0.9,
      topK: 7,
      stopSequences: ["\n\n", "END"],
      tools: [
        {
          type: "function",
          name: "look",
          description: "Looks",
          inputSchema: SCHEMA,
          strict: true,
          providerOptions: { anthropic: { cacheControl: { type: "ephemeral" } } },
        },
        { type: "function", name: "b", inputSchema: {}, inputExamples: [{ input: { a: "x" } }] },
      ],
      toolChoice: { type: "tool", toolName: "look" },
      providerOptions: {
        anthropic: { metadata: { userId: "u1" }, disableParallelToolUse: true, toolStreaming: false },
        openai: { store: false },
      },
    });
    assert.deepEqual(dropped, ["tools.defer_loading"]);
    const choiceOf = (choice: object): unknown =>
      translate({ tools: [TOOL], tool_choice: choice }).call.toolChoice;
    assert.deepEqual(choiceOf({ type: "auto" }), { type: "auto" });
    assert.deepEqual(choiceOf({ type: "any" }), { type: "required" });
    assert.deepEqual(choiceOf({ type: "none" }), { type: "none" });
  });

  it("thinking is an effort to some and Anthropic's own words to others", () => {
    assert.deepEqual(thinkingOf({}), { reasoning: undefined, thinking: undefined, effort: undefined });
    for (const [budget, reasoning] of [
      [1024, "low"],
      [10_000, "medium"],
      [32_000, "high"],
    ] as const) {
      assert.deepEqual(thinkingOf(enabled(budget)), {
        reasoning,
        thinking: { type: "enabled", budgetTokens: budget },
        effort: undefined,
      });
    }
    assert.deepEqual(
      thinkingOf({ thinking: { type: "adaptive", display: "omitted" }, output_config: { effort: "max" } }),
      {
        reasoning: "max",
        thinking: { type: "adaptive", display: "omitted" },
        effort: "max",
      },
    );
    assert.deepEqual(thinkingOf({ thinking: { type: "disabled" } }), {
      reasoning: "none",
      thinking: { type: "disabled" },
      effort: undefined,
    });
    assert.deepEqual(thinkingOf({ output_config: { effort: "low" } }), {
      reasoning: "low",
      thinking: undefined,
      effort: "low",
    });
    assert.deepEqual(google(enabled(2000)), { thinkingConfig: { includeThoughts: true } });
    assert.equal(google({ thinking: { type: "adaptive", display: "omitted" } }), undefined);
  });

  it("structured output under its new and its old name; strict only where OpenAI takes it", () => {
    const closed = { ...SCHEMA, required: ["a"], additionalProperties: false };
    for (const [schema, strict] of [
      [SCHEMA, false],
      [closed, true],
    ] as const) {
      const format = { type: "json_schema", schema };
      for (const fields of [{ output_config: { format } }, { output_format: format }]) {
        const { call } = translate(fields);
        assert.deepEqual(call.responseFormat, { type: "json", schema });
        assert.equal(call.providerOptions!["openai"]!["strictJsonSchema"], strict);
      }
    }
  });

  it("names what is lost, and refuses what would change the question", () => {
    const { dropped } = translate({
      service_tier: "auto",
      speed: "fast",
      context_management: { edits: [] },
      inference_geo: "global",
      mcp_servers: [],
      unheard_of: 1,
      output_config: { task_budget: { type: "tokens", total: 20000 } },
    });
    assert.deepEqual(dropped, [
      "service_tier",
      "speed",
      "context_management",
      "unheard_of",
      "output_config.task_budget",
    ]);
    const refused: [string, object][] = [
      ["inference_geo", { inference_geo: "us" }],
      ["mcp_servers", { mcp_servers: [{ type: "url", name: "m", url: "https://m" }] }],
      ["container", { container: "c" }],
      ["max_tokens", { max_tokens: 0 }],
      ["tools.0.type", { tools: [{ type: "web_search_20250305", name: "web_search" }] }],
      ["tools.0.allowed_callers", { tools: [{ ...TOOL, allowed_callers: ["code_execution_20250825"] }] }],
      ["tools.0.input_schema", { tools: [{ name: "x" }] }],
      ["tool_choice.type", { tools: [TOOL], tool_choice: { type: "some" } }],
      ["output_format.type", { output_format: { type: "regex" } }],
    ];
    for (const [param, fields] of refused)
      assert.equal(
        paramOf(() => translate(fields)),
        param,
      );
  });
});
