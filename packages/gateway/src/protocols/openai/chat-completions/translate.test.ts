import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HomegrownError } from "@homegrown/contracts";
import type { ChatTranslation } from "../../../core/model-request.ts";
import { parseJsonBody } from "../../../server/json-body.ts";
import { parseChatCompletion } from "./request.ts";

const translate = (fields: object): ChatTranslation => {
  const body = { model: "m", messages: [{ role: "user", content: "Hi" }], ...fields };
  const request = parseChatCompletion(parseJsonBody(Buffer.from(JSON.stringify(body)), 100), {
    maxChoices: 128,
  });
  return request.translate() as ChatTranslation;
};
const promptOf = (...messages: object[]): ChatTranslation["call"]["prompt"] =>
  translate({ messages }).call.prompt;
const weather = {
  type: "function",
  function: { name: "weather", description: "Tells it.", parameters: { type: "object" } },
};
const note = { type: "custom", custom: { name: "note" } };

const choose = (tool_choice: unknown): ChatTranslation["call"] =>
  translate({ tools: [weather, note], tool_choice }).call;

const message = (fields: object): object => ({ messages: [fields] });

describe("the chat port's call", () => {
  it("has every setting that the port knows", () => {
    const { call, seed, dropped } = translate({
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      stop: "END",
      seed: 7,
      reasoning_effort: "high",
      logprobs: true,
      top_logprobs: 2,
      logit_bias: { 5: -1 },
      response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object" } } },
      parallel_tool_calls: false,
      user: "u",
      verbosity: "low",
      service_tier: "galactic",
    });
    assert.deepEqual(call, {
      prompt: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      stopSequences: ["END"],
      reasoning: "high",
      responseFormat: { type: "json", name: "n", schema: { type: "object" } },
      providerOptions: {
        homegrown: { logProbabilities: true, topLogProbabilities: 2, logitBias: { 5: -1 } },
        anthropic: { disableParallelToolUse: true, metadata: { userId: "u" } },
        openai: {
          store: false,
          strictJsonSchema: false,
          logprobs: 2,
          logitBias: { 5: -1 },
          parallelToolCalls: false,
          user: "u",
          textVerbosity: "low",
        },
      },
    });
    assert.equal(seed, 7);
    assert.deepEqual(dropped, ["verbosity", "service_tier", "parallel_tool_calls"]);
  });

  it("names what it leaves out, unknown fields too, in words fit for a header", () => {
    const { dropped } = translate({
      min_p: 0.1,
      "x\r\nset-cookie: a": 1,
      store: true,
      prediction: { type: "content", content: "x" },
      parallel_tool_calls: true,
      functions: [],
      modalities: ["text"],
      audio: null,
    });
    assert.deepEqual(dropped, ["store", "prediction", "min_p", "(a field with an unusual name)"]);
    const image = { type: "image_url", image_url: { url: "https://a.org/b", detail: "low" } };
    assert.deepEqual(translate({ messages: [{ role: "user", name: "ann", content: [image] }] }).dropped, [
      "messages[].name",
      "messages[].content[].image_url.detail",
    ]);
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`f${index}`, 1]));
    assert.equal(translate(many).dropped.length, 20);
  });

  it("shows images, audio and files as the port's files", () => {
    const content = [
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA", detail: "low" } },
      { type: "image_url", image_url: { url: "https://example.org/a.jpg" } },
      { type: "input_audio", input_audio: { data: "BBBB", format: "mp3" } },
      { type: "file", file: { file_data: "data:application/pdf;base64,CCCC", filename: "a.pdf" } },
      { type: "file", file: { file_data: "DDDD", filename: "notes.TXT" } },
      { type: "image_url", image_url: { url: "data:image/svg+xml,%3Csvg/%3E" } },
    ];
    const [message] = promptOf({ role: "user", content });
    assert.deepEqual(message, {
      role: "user",
      content: [
        {
          type: "file",
          mediaType: "image/png",
          data: { type: "data", data: "AAAA" },
          providerOptions: { openai: { imageDetail: "low" } },
        },
        {
          type: "file",
          mediaType: "image",
          data: { type: "url", url: new URL("https://example.org/a.jpg") },
        },
        { type: "file", mediaType: "audio/mpeg", data: { type: "data", data: "BBBB" } },
        {
          type: "file",
          mediaType: "application/pdf",
          data: { type: "data", data: "CCCC" },
          filename: "a.pdf",
        },
        {
          type: "file",
          mediaType: "text/plain",
          data: { type: "data", data: "DDDD" },
          filename: "notes.TXT",
        },
        {
          type: "file",
          mediaType: "image/svg+xml",
          data: { type: "data", data: Buffer.from("<svg/>").toString("base64") },
        },
      ],
    });
  });

  it("keeps a conversation with parallel tools, thoughts and refusals", () => {
    const prompt = promptOf(
      {
        role: "developer",
        content: [
          { type: "text", text: "Be " },
          { type: "text", text: "kind." },
        ],
      },
      { role: "user", content: "Weather?", name: "ann" },
      {
        role: "assistant",
        content: null,
        reasoning_content: "Two calls.",
        tool_calls: [
          { id: "1", type: "function", function: { name: "weather", arguments: '{"at":"Rome"}' } },
          { id: "2", type: "custom", custom: { name: "note", input: "free text" } },
          { id: "3", type: "function", function: { name: "weather", arguments: "{broken" } },
          { id: "4", type: "function", function: { name: "weather", arguments: "" } },
        ],
      },
      { role: "tool", tool_call_id: "1", content: "Sunny" },
      { role: "tool", tool_call_id: "2", content: [{ type: "text", text: "ok" }] },
      { role: "assistant", content: [{ type: "refusal", refusal: "No." }] },
      { role: "assistant", refusal: "Never." },
    );
    assert.deepEqual(prompt, [
      { role: "system", content: "Be kind." },
      {
        role: "user",
        content: [{ type: "text", text: "Weather?" }],
        providerOptions: { openai: { name: "ann" } },
      },
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "Two calls." },
          { type: "tool-call", toolCallId: "1", toolName: "weather", input: { at: "Rome" } },
          { type: "tool-call", toolCallId: "2", toolName: "note", input: { input: "free text" } },
          {
            type: "tool-call",
            toolCallId: "3",
            toolName: "weather",
            input: { invalid_arguments: "{broken" },
          },
          { type: "tool-call", toolCallId: "4", toolName: "weather", input: {} },
        ],
      },
      {
        role: "tool",
        content: [
          {
            type: "tool-result",
            toolCallId: "1",
            toolName: "weather",
            output: { type: "text", value: "Sunny" },
          },
          { type: "tool-result", toolCallId: "2", toolName: "note", output: { type: "text", value: "ok" } },
        ],
      },
      { role: "assistant", content: [{ type: "text", text: "No." }] },
      { role: "assistant", content: [{ type: "text", text: "Never." }] },
    ]);
  });

  it("offers tools, custom ones as functions of one string", () => {
    const { call } = translate({ tools: [weather, note], tool_choice: "required" });
    assert.deepEqual(call.toolChoice, { type: "required" });
    assert.deepEqual(call.tools?.[0], {
      type: "function",
      name: "weather",
      description: "Tells it.",
      inputSchema: { type: "object" },
    });
    const custom = call.tools?.[1];
    assert.ok(custom?.type === "function");
    assert.deepEqual(custom.inputSchema.required, ["input"]);
  });

  it("chooses tools as asked", () => {
    assert.equal(choose("auto").toolChoice, undefined);
    assert.deepEqual(choose("none").toolChoice, { type: "none" });
    assert.deepEqual(choose({ type: "function", function: { name: "weather" } }).toolChoice, {
      type: "tool",
      toolName: "weather",
    });
    assert.deepEqual(choose({ type: "custom", custom: { name: "note" } }).toolChoice, {
      type: "tool",
      toolName: "note",
    });
    const allowed = choose({
      type: "allowed_tools",
      allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "weather" } }] },
    });
    assert.deepEqual(
      [allowed.toolChoice, allowed.tools?.map(({ name }) => name)],
      [{ type: "required" }, ["weather"]],
    );
  });

  const part = (value: object): object => message({ role: "user", content: [value] });
  const faults: [param: string, fields: object][] = [
    ["audio", { audio: { voice: "x", format: "mp3" } }],
    ["modalities", { modalities: ["text", "audio"] }],
    ["web_search_options", { web_search_options: {} }],
    ["functions", { functions: [{ name: "f" }] }],
    ["function_call", { function_call: { name: "f" } }],
    ["reasoning_effort", { reasoning_effort: "heroic" }],
    ["response_format.type", { response_format: { type: "grammar" } }],
    ["tool_choice", { tool_choice: "required" }],
    ["tool_choice", { tools: [weather], tool_choice: { type: "function", function: { name: "nope" } } }],
    ["tool_choice", { tools: [weather], tool_choice: "sometimes" }],
    ["tool_choice", { tools: [weather], tool_choice: { type: "allowed_tools", allowed_tools: null } }],
    ["tools[0].type", { tools: [{ type: "web_search_preview" }] }],
    ["tools[0].function", { tools: [{ type: "function" }] }],
    [
      "tools[0].custom.format",
      { tools: [{ type: "custom", custom: { name: "g", format: { type: "grammar", grammar: {} } } }] },
    ],
    ["messages[0].role", message({ role: "wizard", content: "x" })],
    ["messages[0].role", message({ role: "function", name: "f", content: "x" })],
    ["messages[0].content", message({ role: "user" })],
    ["messages[0].content", message({ role: "assistant" })],
    ["messages[0].audio", message({ role: "assistant", audio: { id: "a" } })],
    ["messages[0].tool_call_id", message({ role: "tool", content: "x" })],
    ["messages[0].tool_call_id", message({ role: "tool", tool_call_id: "1", content: "x" })],
    [
      "messages[0].tool_calls[0].function.arguments",
      message({ role: "assistant", tool_calls: [{ id: "1", type: "function", function: { name: "f" } }] }),
    ],
    ["messages[0].content[0].type", part({ type: "hologram" })],
    [
      "messages[0].content[0].type",
      message({ role: "system", content: [{ type: "image_url", image_url: { url: "https://x" } }] }),
    ],
    ["messages[0].content[0].file.file_id", part({ type: "file", file: { file_id: "f" } })],
    ["messages[0].content[0].file.file_data", part({ type: "file", file: {} })],
    [
      "messages[0].content[0].image_url.url",
      part({ type: "image_url", image_url: { url: "file:///etc/passwd" } }),
    ],
    [
      "messages[0].content[0].image_url.url",
      part({ type: "image_url", image_url: { url: "data:image/png" } }),
    ],
    ["messages[0].content[0].image_url.url", part({ type: "image_url", image_url: { url: "data:,%zz" } })],
  ];
  for (const [param, fields] of faults) {
    it(`cannot say ${JSON.stringify(fields)}: ${param}`, () => {
      assert.throws(
        () => translate(fields),
        (error: HomegrownError) =>
          error.code === "gateway/invalid-request" && error.details["param"] === param,
      );
    });
  }
});
