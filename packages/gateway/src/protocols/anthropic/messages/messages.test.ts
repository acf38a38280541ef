import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sealCall, sealReasoning } from "../carried-reasoning.ts";
import { promptOf, translate } from "./requests.fixture.ts";

const EPHEMERAL = { type: "ephemeral", ttl: "1h" };
const CACHED = { providerOptions: { anthropic: { cacheControl: EPHEMERAL } } };
const user = (...content: object[]): object => ({ role: "user", content });
const assistant = (...content: object[]): object => ({ role: "assistant", content });
const refuses = (param: string, ...messages: object[]): void =>
  assert.throws(
    () => promptOf(...messages),
    (error: { code?: string; details?: { param?: string } }) => {
      assert.equal(error.code, "gateway/invalid-request");
      assert.equal(error.details?.param, param);
      return true;
    },
  );

const systemText = (text: string, fields: object = {}): object => ({ type: "text", text, ...fields });
const textPart = (value: string): object => ({ type: "text", text: value });
const call = (id: string, name = "look"): object => ({ type: "tool_use", id, name, input: { q: id } });
const result = (id: string, fields: object): object => ({
  type: "tool_result",
  tool_use_id: id,
  ...fields,
});
const partsOf = (...content: object[]): unknown => promptOf(assistant(...content))[0]?.content;
const proof = (fields: object): object => ({ anthropic: fields, amazonBedrock: fields, bedrock: fields });

const outputsOf = (...fields: object[]): unknown[] => {
  const ids = fields.map((_, index) => `t${index}`);
  const prompt = promptOf(
    assistant(...ids.map((id) => call(id))),
    user(...fields.map((field, index) => result(ids[index]!, field))),
  );
  return (prompt[1]!.content as { output: unknown }[]).map(({ output }) => output);
};

describe("system text", () => {
  it("is one message, cut where the client caches", () => {
    const system = [
      systemText("a"),
      systemText("b", { cache_control: EPHEMERAL }),
      systemText("c"),
      systemText("d"),
    ];
    assert.deepEqual(translate({ system }).call.prompt.slice(0, 2), [
      { role: "system", content: "a\nb", ...CACHED },
      { role: "system", content: "c\nd" },
    ]);
    assert.deepEqual(translate({ system: "x" }).call.prompt[0], { role: "system", content: "x" });
  });

  it("may also stand between messages", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "system", content: [{ type: "text", text: "be brief" }], clear_at: "next_user_message" },
    ];
    const { call, dropped } = translate({ messages });
    assert.deepEqual(call.prompt[1], { role: "system", content: "be brief" });
    assert.deepEqual(dropped, ["messages.clear_at"]);
  });
});

describe("what a user sends", () => {
  it("text and images keep their order and cache breakpoints", () => {
    assert.deepEqual(
      promptOf(
        user(
          { type: "text", text: "see", cache_control: EPHEMERAL },
          {
            type: "image",
            source: { type: "base64", media_type: "image/png", data: "iVBO" },
            cache_control: EPHEMERAL,
          },
          { type: "image", source: { type: "url", url: "https://example.org/a.png" } },
        ),
      ),
      [
        {
          role: "user",
          content: [
            { type: "text", text: "see", ...CACHED },
            { type: "file", mediaType: "image/png", data: { type: "data", data: "iVBO" }, ...CACHED },
            {
              type: "file",
              mediaType: "image/*",
              data: { type: "url", url: new URL("https://example.org/a.png") },
            },
          ],
        },
      ],
    );
  });

  it("a PDF is a file, with title, context and citations for Anthropic models", () => {
    const source = { type: "base64", media_type: "application/pdf", data: "JVBE" };
    const fields = {
      title: "Plan",
      context: "draft",
      citations: { enabled: true },
      cache_control: EPHEMERAL,
    };
    assert.deepEqual(promptOf(user({ type: "document", source, ...fields }))[0]?.content, [
      {
        type: "file",
        mediaType: "application/pdf",
        data: { type: "data", data: "JVBE" },
        filename: "Plan",
        providerOptions: {
          anthropic: {
            title: "Plan",
            context: "draft",
            citations: { enabled: true },
            cacheControl: EPHEMERAL,
          },
        },
      },
    ]);
    const remote = { type: "document", source: { type: "url", url: "https://example.org/a.pdf" } };
    assert.deepEqual(promptOf(user(remote))[0]?.content, [
      {
        type: "file",
        mediaType: "application/pdf",
        data: { type: "url", url: new URL("https://example.org/a.pdf") },
      },
    ]);
  });

  it("documents of text and search results are text that every model reads", () => {
    const text = { type: "text", media_type: "text/plain", data: "Body" };
    const { call, dropped } = translate({
      messages: [
        user(
          { type: "document", source: text, title: 'A "b"', context: "c", citations: { enabled: true } },
          {
            type: "document",
            source: {
              type: "content",
              content: [
                { type: "text", text: "one" },
                { type: "image", source: { type: "base64", media_type: "image/gif", data: "R0lG" } },
              ],
            },
            cache_control: EPHEMERAL,
          },
          { type: "search_result", source: "kb/7", title: "T", content: [{ type: "text", text: "found" }] },
        ),
      ],
    });
    assert.deepEqual(call.prompt[0]?.content, [
      { type: "text", text: '<document title="A \\"b\\"">\n<context>c</context>\nBody\n</document>' },
      { type: "text", text: "<document>\none" },
      { type: "file", mediaType: "image/gif", data: { type: "data", data: "R0lG" } },
      { type: "text", text: "\n</document>", ...CACHED },
      { type: "text", text: '<document title="T">\n<context>source: kb/7</context>\nfound\n</document>' },
    ]);
    assert.deepEqual(dropped, ["citations"]);
  });

  it("what only Anthropic can reach or read is an error that names it", () => {
    const file = { type: "file", file_id: "file_1" };
    refuses("messages.0.content.0.source.type", user({ type: "image", source: file }));
    refuses("messages.0.content.0.source.type", user({ type: "document", source: file }));
    refuses("messages.0.content.0.type", user({ type: "container_upload", file_id: "file_1" }));
    refuses("messages.0.content.1.type", user({ type: "text", text: "" }, { type: "newer_than_this" }));
    const url = { type: "url", url: "file:///etc/passwd" };
    refuses("messages.0.content.0.source.url", user({ type: "image", source: url }));
    refuses("messages.0.content.0.source", user({ type: "image" }));
    refuses("messages.0.content.0.text", user({ type: "text" }));
  });
});

describe("tools in a conversation", () => {
  it("parallel calls and their results find each other; text around them keeps its place", () => {
    const prompt = promptOf(
      { role: "user", content: "go" },
      assistant({ type: "text", text: "so" }, call("a"), call("b", "read")),
      user(
        result("b", { content: "B", cache_control: EPHEMERAL }),
        result("a", { content: [{ type: "text", text: "A" }] }),
        { type: "text", text: "and?" },
      ),
    );
    assert.deepEqual(prompt.slice(1), [
      {
        role: "assistant",
        content: [
          { type: "text", text: "so" },
          { type: "tool-call", toolCallId: "a", toolName: "look", input: { q: "a" } },
          { type: "tool-call", toolCallId: "b", toolName: "read", input: { q: "b" } },
        ],
      },
      {
        role: "tool",
        content: [
          {
            type: "tool-result",
            toolCallId: "b",
            toolName: "read",
            output: { type: "text", value: "B" },
            ...CACHED,
          },
          { type: "tool-result", toolCallId: "a", toolName: "look", output: { type: "text", value: "A" } },
        ],
      },
      { role: "user", content: [{ type: "text", text: "and?" }] },
    ]);
  });

  it("results are text, parts, or errors", () => {
    const found = {
      type: "search_result",
      source: "kb/7",
      title: "T",
      content: [textPart("found")],
      cache_control: EPHEMERAL,
    };
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "iV" } };
    const file = { type: "file", mediaType: "image/png", data: { type: "data", data: "iV" } };
    assert.deepEqual(
      outputsOf(
        {},
        { content: "x", is_error: true },
        { content: [textPart("x"), textPart("y")], is_error: true },
        { content: [textPart("x"), textPart("y")] },
        { content: [found, textPart("y")] },
        { content: [textPart("x"), image] },
        { content: [image], is_error: true },
        { content: [{ type: "tool_reference", tool_name: "deep" }] },
      ),
      [
        { type: "text", value: "" },
        { type: "error-text", value: "x" },
        { type: "error-text", value: "x\ny" },
        { type: "text", value: "x\ny" },
        {
          type: "text",
          value: '<document title="T">\n<context>source: kb/7</context>\nfound\n</document>\ny',
          ...CACHED,
        },
        { type: "content", value: [textPart("x"), file] },
        { type: "content", value: [textPart("The tool failed:"), file] },
        { type: "text", value: "The tool deep is available." },
      ],
    );
  });

  it("a result without its call, and what Anthropic's own tools did, are errors", () => {
    refuses("messages.0.content.0.tool_use_id", user(result("nobody", { content: "x" })));
    refuses(
      "messages.0.content.0.type",
      assistant({ type: "server_tool_use", id: "s", name: "web_search", input: {} }),
    );
    refuses("messages.0.content.0.type", assistant({ type: "mcp_tool_use", id: "m", name: "x", input: {} }));
  });
});

describe("thinking in a conversation", () => {
  it("goes back to Anthropic models with Anthropic's proofs", () => {
    assert.deepEqual(
      partsOf(
        { type: "thinking", thinking: "hm", signature: "EqQB" },
        { type: "redacted_thinking", data: "EmwK" },
      ),
      [
        { type: "reasoning", text: "hm", providerOptions: proof({ signature: "EqQB" }) },
        { type: "reasoning", text: "", providerOptions: proof({ redactedData: "EmwK" }) },
      ],
    );
  });

  it("goes back to other providers with theirs", () => {
    const openai = { openai: { reasoningEncryptedContent: "gAAA" } };
    const google = { google: { thoughtSignature: "CiQB" } };
    assert.deepEqual(
      partsOf(
        { type: "thinking", thinking: "hm", signature: sealReasoning(openai) },
        { type: "thinking", thinking: "bare", signature: sealReasoning(undefined) },
        { type: "redacted_thinking", data: sealCall("c", google)! },
        { type: "tool_use", id: "c", name: "look", input: {} },
      ),
      [
        { type: "reasoning", text: "hm", providerOptions: openai },
        { type: "reasoning", text: "bare" },
        { type: "tool-call", toolCallId: "c", toolName: "look", input: {}, providerOptions: google },
      ],
    );
  });

  it("summaries of an earlier conversation stay what they are", () => {
    assert.deepEqual(partsOf({ type: "compaction", content: "So far…", signature: "s" }), [
      {
        type: "text",
        text: "So far…",
        providerOptions: { anthropic: { type: "compaction", signature: "s" } },
      },
    ]);
  });

  it("citations go back to those who made them", () => {
    const theirs = { type: "char_location", cited_text: "x", document_index: 0 };
    const ours = { type: "web_search_result_location", encrypted_index: "homegrown-1.", url: "https://x" };
    assert.deepEqual(partsOf({ type: "text", text: "So.", citations: [theirs, ours] }), [
      { type: "text", text: "So.", providerOptions: { anthropic: { citations: [theirs] } } },
    ]);
    assert.deepEqual(partsOf({ type: "text", text: "So.", citations: [ours] }), [
      { type: "text", text: "So." },
    ]);
  });
});
