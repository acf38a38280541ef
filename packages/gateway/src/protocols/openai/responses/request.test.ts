import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { toPlainId } from "./conversation.ts";
import { openReasoning, sealReasoning } from "./reasoning-envelope.ts";
import { keyOf, parse, translate } from "./responses.fixture.ts";

const user = (...content: object[]): object => ({ type: "message", role: "user", content });

const functionOf = (name: string): object => ({ type: "function", name, parameters: {} });

const conversationOf = async (body: object): Promise<string | undefined> =>
  (await parse({ model: "own", ...body })).conversation();

async function refusalOf(body: object): Promise<string> {
  try {
    await translate(body);
  } catch (error) {
    if (error instanceof HomegrownError) return String(error.details["param"]);
    throw error;
  }
  return "none";
}

describe("a request as a call of the port", () => {
  it("text, instructions and sampling", async () => {
    const { call, dropped } = await translate({
      input: "hi",
      instructions: "Be brief.",
      temperature: 0.5,
      top_p: 0.9,
      reasoning: { effort: "low" },
      prompt_cache_key: "k",
      store: false,
    });
    assert.deepEqual(call.prompt, [
      { role: "system", content: "Be brief." },
      { role: "user", content: [{ type: "text", text: "hi" }] },
    ]);
    assert.deepEqual([call.temperature, call.topP, call.reasoning], [0.5, 0.9, "low"]);
    assert.deepEqual(call.providerOptions, {
      openai: { promptCacheKey: "k", store: false },
    });
    assert.deepEqual(dropped, []);
  });

  it("images, files and sound", async () => {
    const { call } = await translate({
      input: [
        user(
          { type: "input_text", text: "see" },
          { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "low" },
          { type: "input_image", image_url: "https://a.b/c.jpg" },
          { type: "input_file", file_data: "data:application/pdf;base64,BBBB", filename: "a.pdf" },
          { type: "input_audio", input_audio: { data: "CCCC", format: "mp3" } },
        ),
      ],
    });
    assert.deepEqual(call.prompt[0]?.content, [
      { type: "text", text: "see" },
      {
        type: "file",
        mediaType: "image/png",
        data: { type: "data", data: "AAAA" },
        providerOptions: { openai: { imageDetail: "low" } },
      },
      { type: "file", mediaType: "image/*", data: { type: "url", url: new URL("https://a.b/c.jpg") } },
      { type: "file", mediaType: "application/pdf", data: { type: "data", data: "BBBB" }, filename: "a.pdf" },
      { type: "file", mediaType: "audio/mpeg", data: { type: "data", data: "CCCC" } },
    ]);
  });

  it("an assistant's items are one message, its tools' outputs another", async () => {
    const sealed = sealReasoning({
      text: "Hm.",
      metadata: { anthropic: { signature: "s" } },
      calls: { c1: { google: { thoughtSignature: "g" } } },
    });
    const { call } = await translate({
      tools: [{ type: "namespace", name: "ns", description: "", tools: [{ type: "function", name: "f" }] }],
      input: [
        user({ type: "input_text", text: "go" }),
        { type: "reasoning", summary: [{ type: "summary_text", text: "shown" }], encrypted_content: sealed },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "Now." }] },
        { type: "function_call", call_id: "c1", name: "f", namespace: "ns", arguments: '{"a":1}' },
        { type: "function_call", call_id: "c2", name: "f", namespace: "ns", arguments: "{broken" },
        { type: "function_call_output", call_id: "c1", output: "one" },
        {
          type: "function_call_output",
          call_id: "c2",
          output: [{ type: "input_image", image_url: "data:image/png;base64,AA" }],
        },
      ],
    });
    const called = { type: "tool-call", toolName: "ns__f" };
    assert.deepEqual(call.prompt.slice(1), [
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "Hm.", providerOptions: { anthropic: { signature: "s" } } },
          { type: "text", text: "Now." },
          {
            ...called,
            toolCallId: "c1",
            input: { a: 1 },
            providerOptions: { google: { thoughtSignature: "g" } },
          },
          { ...called, toolCallId: "c2", input: { malformed_arguments: "{broken" } },
        ],
      },
      {
        role: "tool",
        content: [
          {
            type: "tool-result",
            toolCallId: "c1",
            toolName: "ns__f",
            output: { type: "text", value: "one" },
          },
          {
            type: "tool-result",
            toolCallId: "c2",
            toolName: "ns__f",
            output: {
              type: "content",
              value: [{ type: "file", mediaType: "image/png", data: { type: "data", data: "AA" } }],
            },
          },
        ],
      },
    ]);
  });

  it("what Codex sends works: namespaces are flattened, web search is left out and named", async () => {
    const { call, dropped } = await translate({
      input: [
        { type: "message", id: "msg_1", role: "developer", content: [{ type: "input_text", text: "rules" }] },
        user({ type: "input_text", text: "say hello" }),
      ],
      tools: [
        { type: "function", name: "exec_command", strict: false, parameters: { type: "object" } },
        {
          type: "namespace",
          name: "multi_agent_v1",
          description: "Tools for agents.",
          tools: [{ type: "function", name: "spawn_agent", description: "Spawns.", parameters: {} }],
        },
        { type: "web_search", external_web_access: false },
      ],
      tool_choice: "auto",
      parallel_tool_calls: true,
      reasoning: { summary: "auto" },
      store: false,
      stream: true,
      include: ["reasoning.encrypted_content"],
      prompt_cache_key: "k",
      client_metadata: { turn_id: "1" },
    });
    assert.deepEqual(dropped, ["client_metadata", "tools.web_search"]);
    assert.deepEqual(
      call.tools?.map(({ name }) => name),
      ["exec_command", "multi_agent_v1__spawn_agent"],
    );
    assert.deepEqual(call.toolChoice, { type: "auto" });
    assert.equal(call.prompt[0]?.role, "system");
  });

  it("custom tools, choices and structured output", async () => {
    const tools = [
      { type: "custom", name: "patch", format: { type: "grammar", syntax: "lark", definition: "start: A" } },
      { type: "function", name: "f", parameters: { type: "object" }, strict: true },
    ];
    const schema = { type: "object", properties: {} };
    const format = { type: "json_schema", name: "n", schema, strict: true };
    const { call } = await translate({
      tools,
      tool_choice: { type: "custom", name: "patch" },
      text: { format },
    });
    const [patch, plain] = call.tools ?? [];
    assert.ok(patch?.type === "function" && patch.description?.includes("start: A"));
    assert.deepEqual(plain, { type: "function", name: "f", inputSchema: { type: "object" }, strict: true });
    assert.deepEqual(call.toolChoice, { type: "tool", toolName: "patch" });
    assert.deepEqual(call.responseFormat, { type: "json", schema, name: "n" });
    const narrowed = await translate({
      tools,
      tool_choice: { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "f" }] },
    });
    assert.deepEqual(
      narrowed.call.tools?.map(({ name }) => name),
      ["f"],
    );
    assert.deepEqual(narrowed.call.toolChoice, { type: "required" });
  });

  it("calls one after another, where there are tools to call", async () => {
    const one = await translate({ parallel_tool_calls: false, tools: [functionOf("f")] });
    assert.deepEqual(one.call.providerOptions, {
      openai: { parallelToolCalls: false, store: false },
      anthropic: { disableParallelToolUse: true },
    });
    const none = await translate({ parallel_tool_calls: false });
    assert.deepEqual(none.call.providerOptions, { openai: { store: false } });
  });

  it("long names and names that clash stay apart, and find back", async () => {
    const tools = [
      {
        type: "namespace",
        name: "a",
        description: "",
        tools: [functionOf("b__c"), functionOf("x".repeat(100))],
      },
      { type: "namespace", name: "a__b", description: "", tools: [functionOf("c")] },
    ];
    const { call } = await translate({ tools });
    const names = call.tools?.map(({ name }) => name) ?? [];
    assert.equal(new Set(names).size, 3);
    assert.ok(names.every((name) => /^[\w-]{1,64}$/.test(name)));
    const history = [
      { type: "function_call", call_id: "1", name: "c", namespace: "a__b", arguments: "{}" },
      { type: "function_call", call_id: "2", name: "b__c", namespace: "a", arguments: "{}" },
    ];
    const again = await translate({ tools, input: history });
    const called = again.call.prompt[0]?.content as { toolName: string }[];
    assert.deepEqual(
      called.map(({ toolName }) => toolName),
      [names[2], names[0]],
    );
  });

  it("leaves traces of hosted tools out, and names them with unknown fields", async () => {
    const { dropped } = await translate({
      input: [user({ type: "input_text", text: "hi" }), { type: "web_search_call", id: "ws_1" }],
      truncation: "auto",
      shiny_new_field: 1,
      max_tool_calls: 3,
    });
    assert.deepEqual(dropped, ["truncation", "shiny_new_field", "max_tool_calls", "input.web_search_call"]);
  });
});

it("what changes the question and has no place is refused by name", async () => {
  const web = { type: "web_search" };
  const cases: [object, string][] = [
    [{ background: true }, "background"],
    [{ conversation: "conv_1" }, "conversation"],
    [{ prompt: { id: "p" } }, "prompt"],
    [{ moderation: {} }, "moderation"],
    [{ tools: [web], tool_choice: "required" }, "tools"],
    [{ tools: [web], tool_choice: { type: "web_search" } }, "tool_choice"],
    [{ tools: [], tool_choice: { type: "function", name: "f" } }, "tool_choice.name"],
    [{ tools: [{ type: "function" }] }, "tools[0].name"],
    [{ input: [user({ type: "input_image", file_id: "file_1" })] }, "input[0].content[0].file_id"],
    [
      { input: [user({ type: "input_image", image_url: "file:///etc/passwd" })] },
      "input[0].content[0].image_url",
    ],
    [{ input: [user({ type: "input_dance" })] }, "input[0].content[0].type"],
    [{ input: [{ type: "compaction", encrypted_content: "x" }] }, "input[0].type"],
    [{ input: [{ type: "function_call_output", call_id: "c", output: "x" }] }, "input[0].call_id"],
    [{ input: [{ role: "wizard", content: "x" }] }, "input[0].role"],
    [{ input: null }, "input"],
    [{ model: "" }, "model"],
    [{ temperature: 3 }, "temperature"],
    [{ reasoning: { effort: "immense" } }, "reasoning.effort"],
  ];
  for (const [body, param] of cases) assert.equal(await refusalOf(body), param, JSON.stringify(body));
});

it("refusals never quote what they refuse", async () => {
  const secret = "sk-secret";
  for (const body of [
    { input: [{ role: secret, content: "x" }] },
    { input: [user({ type: secret })] },
    { tools: [{ type: "function", name: "f", parameters: secret }] },
    { text: { format: { type: secret } } },
  ]) {
    await assert.rejects(translate(body), (error: HomegrownError) => !error.message.includes(secret));
  }
  assert.equal(toPlainId("id with a prompt"), "…");
});

it("tells routing and admission what the request needs", async () => {
  const image = "A".repeat(100_000);
  const request = await parse({
    model: "own",
    input: [user({ type: "input_image", image_url: `data:image/png;base64,${image}` })],
    tools: [{ type: "function", name: "f" }],
    text: { format: { type: "json_object" } },
    top_logprobs: 2,
    max_output_tokens: 77,
    stream: true,
    metadata: { a: "b" },
    user: "ann",
  });
  assert.deepEqual([...request.needs.input], ["text", "image"]);
  assert.deepEqual(
    [request.needs.tools, request.needs.structuredOutput, request.needs.logProbabilities],
    [true, true, true],
  );
  assert.deepEqual([request.stream, request.maxOutputTokens, request.alias], [true, 77, "own"]);
  assert.deepEqual(request.labels, { a: "b", user: "ann" });
  assert.ok(request.maxInputTokens < 40_000, "an image's base64 is not counted as text");
});

it("requests of one conversation have one name for sticky routing, others have others", async () => {
  const first = user({ type: "input_text", text: "one" });
  const begun = await conversationOf({ input: [first], instructions: "i" });
  assert.equal(
    await conversationOf({ input: [first, user({ type: "input_text", text: "two" })], instructions: "i" }),
    begun,
  );
  assert.notEqual(await conversationOf({ input: [first], instructions: "j" }), begun);
  assert.equal(await conversationOf({ input: "x", prompt_cache_key: "k" }), "k");
});

it("a sealed thought opens again, and nothing else does", () => {
  const envelope = { text: "Grüße\u0000", metadata: { anthropic: { signature: "s" } }, calls: {} };
  const sealed = sealReasoning(envelope);
  assert.deepEqual(openReasoning(sealed), envelope);
  for (const damaged of [sealed.slice(0, -4), "hg1.", "hg1.AAAA", `hg1.${"A".repeat(5_000_000)}`, "gAAAA"]) {
    assert.equal(openReasoning(damaged), undefined);
  }
});

it("storing: by default where it is allowed, refused where it was asked for and is not", async () => {
  const forbidden = keyOf("key-b", { mayStoreResponses: false });
  assert.equal((await parse({ model: "own", input: "x" })).onPassedThrough, undefined);
  await assert.rejects(parse({ model: "own", input: "x", store: true }), {
    code: "gateway/storing-forbidden",
  });
  await assert.rejects(parse({ model: "own", input: "x", store: true }, { caller: forbidden }), {
    kind: "forbidden",
  });
});
