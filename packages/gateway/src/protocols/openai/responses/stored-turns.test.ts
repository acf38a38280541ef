import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import { openDatabase } from "@homegrown/storage";
import type { Database } from "@homegrown/storage";
import type { ChatCall, ChatResult } from "@homegrown/contracts";
import type { Key } from "../../../core/key.ts";
import type { Exchange } from "../../../server/exchange.ts";
import type { Front, FrontContext } from "../../../server/front.ts";
import { createResponseStore } from "../../../stored-responses/create-response-store.ts";
import type { ResponseStore } from "../../../stored-responses/response-store.ts";
import { STORED_RESPONSE_MIGRATIONS } from "../../../stored-responses/tables.ts";
import type { StoredResponseTables } from "../../../stored-responses/tables.ts";
import { startAnswering } from "./answering.fixture.ts";
import { HEAD, USAGE, finish, keyOf, parse, resultOf, text, translate } from "./responses.fixture.ts";
import { cancelResponse, deleteResponse, retrieveResponse } from "./stored-fronts.ts";

type AssistantPart = Extract<ChatCall["prompt"][number], { role: "assistant" }>["content"][number];

const OWNER = keyOf("key-a");
const OTHER = keyOf("key-b");
let folder: string;
let database: Database<StoredResponseTables>;
let store: ResponseStore;
let now = 1_800_000_000_000;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "turns-"));
  database = await openDatabase(join(folder, "test.db"), [STORED_RESPONSE_MIGRATIONS]);
});
after(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});
afterEach(() => store.close());
beforeEach(async () => {
  await database.queries.deleteFrom("stored_responses").execute();
  store = createResponseStore({ database, now: () => now, maxInputChars: 10_000 });
});

/** One translated turn; resolves to the answer that the client got. */
async function answer(
  body: object,
  content: ChatResult["content"],
  id: string,
): Promise<Record<string, unknown>> {
  const translation = await translate(body, { caller: OWNER, store });
  const json = translation.renderAnswer([resultOf(content)], USAGE, { ...HEAD, id });
  return JSON.parse(json) as Record<string, unknown>;
}

const say = (text: string): ChatResult["content"] => [{ type: "text", text }];

/** What a target that speaks the protocol itself would be sent. */
async function bytesOf(body: object, caller = OWNER): Promise<Record<string, unknown>> {
  const request = await parse({ model: "own", ...body }, { caller, store });
  const bytes = request.bytes!.edit({ model: "theirs" });
  const raw = JSON.parse(request.bytes!.raw.toString()) as Record<string, unknown>;
  const edited = JSON.parse(bytes.toString()) as Record<string, unknown>;
  assert.deepEqual(edited, { ...raw, model: "theirs" });
  return raw;
}

describe("a chain of three turns", () => {
  for (const written of [false, true]) {
    it(written ? "once written" : "before anything is written", async () => {
      const tools = [{ type: "function", name: "f", parameters: {} }];
      const signature = { anthropic: { signature: "sig" } };
      const first = await answer(
        { input: "one", instructions: "Only now.", tools },
        [
          { type: "reasoning", text: "Hm.", providerMetadata: signature },
          { type: "tool-call", toolCallId: "c", toolName: "f", input: "{}" },
        ],
        "r1",
      );
      assert.equal(first["store"], true);
      // The client did not ask for sealed thoughts; the store keeps them all the same.
      assert.equal(JSON.stringify(first).includes("hg1."), false);
      if (written) await store.flush();
      const output = { type: "function_call_output", call_id: "c", output: "42" };
      await answer({ input: [output], previous_response_id: "resp_r1", tools }, say("two"), "r2");
      if (written) await store.flush();
      const last = { input: "three", previous_response_id: "resp_r2", tools };
      const { call } = await translate(last, { caller: OWNER, store });
      assert.deepEqual(
        call.prompt.map(({ role, content }) => [
          role,
          typeof content === "string" ? content : content.length,
        ]),
        [
          ["user", 1],
          ["assistant", 2],
          ["tool", 1],
          ["assistant", 1],
          ["user", 1],
        ],
      );
      const [thought] = call.prompt[1]!.content as { providerOptions: unknown }[];
      assert.deepEqual(thought?.providerOptions, signature);

      const sent = await bytesOf({ ...last, input: "three" });
      assert.equal("previous_response_id" in sent, false);
      assert.equal(sent["store"], false);
      const items = sent["input"] as Record<string, unknown>[];
      // Nobody else could read the sealed thought; without it the others' ids mean nothing.
      assert.deepEqual(
        items.map(({ type, id }) => [type, id]),
        [
          ["message", undefined],
          ["function_call", undefined],
          ["function_call_output", undefined],
          ["message", undefined],
          ["message", undefined],
        ],
      );
    });
  }
});

it("turns that passed through are kept, and their ciphertexts go back", async () => {
  const request = await parse(
    { model: "own", input: "one", reasoning: { effort: "low" } },
    { caller: OWNER, store },
  );
  const sent = JSON.parse(request.bytes!.raw.toString()) as Record<string, unknown>;
  assert.deepEqual(sent["include"], ["reasoning.encrypted_content"]);
  const output = [
    { id: "rs_1", type: "reasoning", summary: [], encrypted_content: "gAAAA" },
    { id: "msg_1", type: "message", role: "assistant", status: "completed", content: [] },
  ];
  request.onPassedThrough!({
    id: "resp_theirs",
    object: "response",
    status: "completed",
    store: false,
    output,
  });
  const stored = JSON.parse((await store.get("key-a", "resp_theirs"))!.response) as Record<string, unknown>;
  assert.equal(stored["store"], true);
  const next = await bytesOf({ input: "two", previous_response_id: "resp_theirs" });
  const items = next["input"] as Record<string, unknown>[];
  assert.deepEqual(items.slice(1, 3), output);
  for (const broken of [null, 7, {}, { id: "a b" }, { response: { id: "x", status: "failed" } }]) {
    request.onPassedThrough!(broken);
  }
  await store.flush();
  const rows = await database.queries.selectFrom("stored_responses").select("id").execute();
  assert.deepEqual(rows, [{ id: "resp_theirs" }]);
});

it("items named by id are found in what was stored, by their key alone", async () => {
  const first = await answer({ input: "one" }, say("Hello"), "r1");
  const [message] = first["output"] as { id: string }[];
  const input = [
    { role: "user", content: "one" },
    { type: "item_reference", id: message!.id },
    { role: "user", content: "two" },
  ];
  const { call } = await translate({ input }, { caller: OWNER, store });
  assert.deepEqual(call.prompt[1], { role: "assistant", content: [{ type: "text", text: "Hello" }] });
  const bytes = await bytesOf({ input });
  assert.equal((bytes["input"] as { type?: string }[])[1]?.type, "message");
  // Named in a conversation that holds it already, it is not said twice.
  const again = await translate(
    { input: input.slice(1), previous_response_id: "resp_r1" },
    { caller: OWNER, store },
  );
  assert.equal(again.call.prompt.length, 3);
  await assert.rejects(translate({ input }, { caller: OTHER, store }), { code: "gateway/item-not-found" });
});

it("the AI SDK, which names by id what it takes for stored, is understood", async () => {
  const server = await startAnswering(store);
  try {
    const model = createOpenAI({ apiKey: "x", baseURL: server.url }).responses("o4-mini");
    const tools = [{ type: "function" as const, name: "weather", inputSchema: { type: "object" as const } }];
    const asked = { role: "user" as const, content: [{ type: "text" as const, text: "hi" }] };
    const first = await model.doGenerate({ prompt: [asked], tools });
    const said = first.content.flatMap((content): AssistantPart[] => {
      const providerOptions = "providerMetadata" in content ? (content.providerMetadata ?? {}) : {};
      if (content.type === "text" || content.type === "reasoning") return [{ ...content, providerOptions }];
      if (content.type !== "tool-call" || content.toolName !== "weather") return [];
      return [{ ...content, input: JSON.parse(content.input) as unknown, providerOptions }];
    });
    const output = { type: "text" as const, value: "rain" };
    await model.doGenerate({
      tools,
      prompt: [
        asked,
        { role: "assistant", content: said },
        {
          role: "tool",
          content: [{ type: "tool-result", toolCallId: "c1", toolName: "weather", output }],
        },
      ],
    });
    const [, assistant, tool] = server.prompt();
    assert.deepEqual(assistant?.content, [
      { type: "reasoning", text: "Let me think.", providerOptions: { anthropic: { signature: "sig" } } },
      { type: "text", text: "Bern is the capital." },
      { type: "tool-call", toolCallId: "c1", toolName: "weather", input: { city: "Bern" } },
    ]);
    assert.equal(tool?.role, "tool");
  } finally {
    server.close();
  }
});

it("other keys, deleted, expired and unknown responses are not found alike", async () => {
  await answer({ input: "one" }, say("Hello"), "r1");
  await answer({ input: "two", previous_response_id: "resp_r1" }, say("Hello"), "r2");
  const follow = (id: string, caller: Key): Promise<unknown> =>
    translate({ previous_response_id: id }, { caller, store });
  const unknown = { code: "gateway/previous-response-not-found", kind: "invalid-input" };
  await follow("resp_r2", OWNER);
  await assert.rejects(follow("resp_r2", OTHER), unknown);
  await assert.rejects(follow("resp_other", OWNER), unknown);
  await store.delete("key-a", "resp_r1");
  await assert.rejects(follow("resp_r2", OWNER), unknown);
  await answer({ input: "one" }, say("Hello"), "r3");
  await store.flush();
  now += 31 * 86_400_000;
  await assert.rejects(follow("resp_r3", OWNER), unknown);
});

it("what may not be stored is not, and what is too large is refused only where it was asked for", async () => {
  const forbidden = keyOf("key-c", { mayStoreResponses: false });
  const large = { model: "own", input: "x".repeat(20_000) };
  const stores = async (body: object, caller: Key): Promise<boolean> =>
    (await parse(body, { caller, store })).onPassedThrough !== undefined;
  assert.equal(await stores({ model: "own", input: "x" }, OWNER), true);
  assert.equal(await stores({ model: "own", input: "x", store: false }, OWNER), false);
  assert.equal(await stores({ model: "own", input: "x" }, forbidden), false);
  assert.equal(await stores(large, OWNER), false);
  await assert.rejects(stores({ ...large, store: true }, OWNER), { kind: "too-large" });
  await assert.rejects(stores({ model: "own", input: "x", store: true }, forbidden), { kind: "forbidden" });
  const untouched = await parse({ model: "own", input: "x", store: false }, { caller: forbidden, store });
  assert.equal(untouched.bytes!.raw.toString(), '{"model":"own","input":"x","store":false}');
});

it("a streamed answer is there as soon as its last event is", async () => {
  const translation = await translate({ input: "one", stream: true, user: "ann" }, { caller: OWNER, store });
  const stream = translation.createStream(HEAD);
  for (const part of [...text("Hel", "lo"), finish()]) stream.render(0, part);
  stream.end(USAGE);
  assert.ok((await store.get("key-a", `resp_${HEAD.id}`))?.response.includes('"text":"Hello"'));
  assert.equal(await store.deleteByUser("ann"), 1);
});

async function ask(front: Front, parameter: string, query = "", caller = OWNER): Promise<unknown> {
  let body = "";
  const exchange = {
    parameter,
    caller,
    query: new URLSearchParams(query),
    sendJson: (_status: number, sent: string) => (body = sent),
  };
  await front.handle(exchange as unknown as Exchange, { responses: store } as FrontContext);
  return JSON.parse(body);
}

it("a body that a hook changed continues what the client's did, and nothing else", async () => {
  await answer({ input: "one" }, say("Hello"), "r1");
  const body = { model: "own", input: "my name is Ann", previous_response_id: "resp_r1" };
  const request = await parse(body, { caller: OWNER, store });
  const masked = request.reparse!({ ...body, input: "my name is [NAME]" });
  const translation = masked.translate();
  assert.ok(translation.port === "chat");
  assert.equal(translation.call.prompt.length, 3);
  translation.renderAnswer([resultOf(say("Hi"))], USAGE, HEAD);
  const stored = await store.get("key-a", `resp_${HEAD.id}`);
  assert.ok(stored?.input.includes("[NAME]") && !stored.input.includes("Ann"));
  assert.throws(() => request.reparse!({ ...body, previous_response_id: "resp_r2" }), {
    code: "gateway/invalid-request",
  });
});

it("a copy of a request that is not told of its answer stores none", async () => {
  const { onPassedThrough: _, ...copy } = await parse({ model: "own", input: "x" }, { caller: OWNER, store });
  const translation = copy.translate();
  assert.ok(translation.port === "chat");
  translation.renderAnswer([resultOf(say("Hello"))], USAGE, HEAD);
  assert.equal(await store.get("key-a", `resp_${HEAD.id}`), undefined);
});

describe("fronts over what is stored", () => {
  it("fetch, list, delete", async () => {
    const input = [1, 2, 3].map((number) => ({ role: "user", content: `message ${number}` }));
    const made = await answer({ input }, say("Hello"), "r1");
    assert.deepEqual(await ask(retrieveResponse, "resp_r1"), made);
    const page = (await ask(retrieveResponse, "resp_r1/input_items", "limit=2")) as {
      data: { id: string; content: { text: string }[] }[];
      has_more: boolean;
      last_id: string;
    };
    const textsOf = (data: typeof page.data): unknown => data.map(({ content }) => content[0]?.text);
    assert.deepEqual(textsOf(page.data), ["message 3", "message 2"]);
    assert.equal(page.has_more, true);
    const rest = (await ask(
      retrieveResponse,
      "resp_r1/input_items",
      `limit=2&after=${page.last_id}`,
    )) as typeof page;
    assert.deepEqual([textsOf(rest.data), rest.has_more], [["message 1"], false]);
    assert.deepEqual(await ask(deleteResponse, "resp_r1"), {
      id: "resp_r1",
      object: "response",
      deleted: true,
    });
    await assert.rejects(ask(retrieveResponse, "resp_r1"), { code: "gateway/response-not-found" });
  });

  it("nothing for other keys, and a clear no to what is not offered", async () => {
    await answer({ input: "one" }, say("Hello"), "r1");
    const missing = { code: "gateway/response-not-found", kind: "not-found" };
    await assert.rejects(ask(retrieveResponse, "resp_r1", "", OTHER), missing);
    await assert.rejects(ask(retrieveResponse, "resp_r1/input_items", "", OTHER), missing);
    await assert.rejects(ask(deleteResponse, "resp_r1", "", OTHER), missing);
    await assert.rejects(ask(cancelResponse, "resp_r1/cancel", "", OTHER), missing);
    await assert.rejects(ask(cancelResponse, "resp_r1/cancel"), { code: "gateway/not-in-background" });
    await assert.rejects(ask(retrieveResponse, "resp_r1/elsewhere"), { code: "gateway/unknown-route" });
    await assert.rejects(ask(retrieveResponse, "resp_r1", "stream=true"), {
      code: "gateway/invalid-request",
    });
    await assert.rejects(ask(retrieveResponse, "resp_r1/input_items", "limit=0"), {
      code: "gateway/invalid-request",
    });
  });
});
