// An image in a tool's result, from a client's request to what each kind of provider is sent.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChatCall } from "@homegrown/contracts";
import { promptOf } from "../protocols/anthropic/messages/requests.fixture.ts";
import { translate as translateResponses } from "../protocols/openai/responses/responses.fixture.ts";
import { PROVIDER_KINDS } from "./provider-kinds.ts";
import { apiKey, startTestUpstream } from "./targets.fixture.ts";

const { targetsOf, upstream, origin } = await startTestUpstream();

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const DATA_URL = `data:image/png;base64,${PNG}`;
const TOOLS: NonNullable<ChatCall["tools"]> = [
  { type: "function", name: "screenshot", inputSchema: { type: "object", properties: {} } },
];
const CALL_IDS = ["call00001", "call00002"];

/** What a Messages client sends after two calls: a text with an image, and two texts. */
function fromMessages(): ChatCall["prompt"] {
  const image = { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } };
  const results: object[][] = [
    [{ type: "text", text: "the page" }, image],
    [
      { type: "text", text: "first" },
      { type: "text", text: "second" },
    ],
  ];
  return promptOf(
    { role: "user", content: "look" },
    {
      role: "assistant",
      content: CALL_IDS.map((id) => ({ type: "tool_use", id, name: "screenshot", input: {} })),
    },
    {
      role: "user",
      content: results.map((content, index) => ({
        type: "tool_result",
        tool_use_id: CALL_IDS[index],
        content,
      })),
    },
  );
}

/** The same of a Responses client, as Codex sends it. */
async function fromResponses(): Promise<ChatCall["prompt"]> {
  const [call_id] = CALL_IDS;
  const output = [
    { type: "input_text", text: "the page" },
    { type: "input_image", image_url: DATA_URL },
  ];
  const { call } = await translateResponses({
    input: [
      { type: "message", role: "user", content: "look" },
      { type: "function_call", call_id, name: "screenshot", arguments: "{}" },
      { type: "function_call_output", call_id, output },
    ],
  });
  return call.prompt;
}

/** What the provider is sent; its answer does not matter here. */
async function sent(config: object, prompt: ChatCall["prompt"]): Promise<Record<string, unknown>> {
  const { chat } = await (await targetsOf({ p: config })).find("p/any-model")!.acquire();
  upstream.script({ headers: { "content-type": "application/json" }, body: "{}" });
  await Promise.resolve(chat!.doGenerate({ prompt, tools: TOOLS })).catch(() => {});
  assert.equal(upstream.requests.length, 1, "nothing was sent");
  return upstream.requests[0]!.body as Record<string, unknown>;
}

const compatible = (): object => ({ kind: "openai-compatible", baseUrl: origin });

describe("an image in a tool's result", () => {
  const shown = [
    { type: "text", text: "From the tool screenshot (call call00001):" },
    { type: "image_url", image_url: { url: DATA_URL } },
  ];

  it("goes from Messages to an OpenAI-compatible server in a message of the user", async () => {
    const { messages } = await sent(compatible(), fromMessages());
    assert.deepEqual((messages as object[]).slice(2), [
      { role: "tool", tool_call_id: "call00001", content: "the page" },
      { role: "tool", tool_call_id: "call00002", content: "first\nsecond" },
      { role: "user", content: shown },
    ]);
  });

  it("goes from Responses the same way", async () => {
    const { messages } = await sent(compatible(), await fromResponses());
    assert.deepEqual((messages as object[]).slice(2), [
      { role: "tool", tool_call_id: "call00001", content: "the page" },
      { role: "user", content: shown },
    ]);
  });

  it("stays in the result where OpenAI is asked by its Responses", async () => {
    const config = { kind: "openai", api: "responses", apiKey, baseUrl: origin };
    const { input } = await sent(config, await fromResponses());
    assert.deepEqual((input as { output?: object }[]).at(-1)!.output, [
      { type: "input_text", text: "the page" },
      { type: "input_image", image_url: DATA_URL },
    ]);
  });

  it("comes to Mistral after a word of the assistant", async () => {
    const { messages } = await sent({ kind: "mistral", apiKey, baseUrl: origin }, fromMessages());
    assert.deepEqual(
      (messages as { role: string }[]).map(({ role }) => role),
      ["user", "assistant", "tool", "tool", "assistant", "user"],
    );
  });

  const ways: [name: string, more: object][] = [
    ...Object.keys(PROVIDER_KINDS).map((kind): [string, object] => [
      kind,
      kind === "bedrock" ? { kind, region: "eu-central-1" } : { kind },
    ]),
    ["openai, responses", { kind: "openai", api: "responses" }],
    ["azure, responses", { kind: "azure", api: "responses" }],
  ];
  for (const [name, more] of ways) {
    it(`is sent to ${name} as an image, not as text`, async () => {
      const body = await sent({ apiKey, baseUrl: `${origin}/v1`, ...more }, fromMessages());
      const holding = stringsIn(body).filter((value) => value.includes(PNG));
      assert.ok(holding.length === 1 && [PNG, DATA_URL].includes(holding[0]!), JSON.stringify(holding));
      const said = stringsIn(body).join(" ");
      assert.match(said, /the page/);
      assert.match(said, /first\nsecond/);
    });
  }
});

function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
