// Lines are read back as a trainer would: by their columns, with nothing but what the shapes allow.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import type { Feedback, FeedbackContent } from "../../feedback/feedback.ts";
import { toFeedbackRow } from "../../feedback/feedback-rows.ts";
import { DIALECT_SAMPLES } from "../dialects.fixture.ts";
import type { Said } from "../dialects.fixture.ts";
import type { Capture } from "../capture-rows.ts";
import { openCaptureFile } from "../capture-file.fixture.ts";
import type { CaptureFile } from "../capture-file.fixture.ts";
import type { SkipReason } from "./conversation.ts";
import { exportCaptures } from "./export-captures.ts";
import type { ExportOptions } from "./export-captures.ts";

const message = z.strictObject({
  role: z.enum(["system", "user", "assistant", "tool"]),
  content: z.string(),
  tool_calls: z
    .array(
      z.strictObject({
        id: z.string().optional(),
        type: z.literal("function"),
        function: z.strictObject({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }),
      }),
    )
    .min(1)
    .optional(),
  name: z.string().optional(),
  tool_call_id: z.string().optional(),
});
const messages = z.array(message).min(1);
const tools = z
  .array(
    z.strictObject({
      type: z.literal("function"),
      function: z.strictObject({
        name: z.string(),
        description: z.string(),
        parameters: z.record(z.string(), z.unknown()),
      }),
    }),
  )
  .optional();
const CHAT_SHAPES = {
  messages: z.strictObject({ messages, tools }),
  completions: z.strictObject({ prompt: messages, completion: messages, tools }),
  preference: z.strictObject({ prompt: messages, chosen: messages, rejected: messages, tools }),
  rated: z.strictObject({ prompt: messages, completion: messages, label: z.boolean(), tools }),
};

const SAID: Said = {
  system: "Be brief.",
  user: "And now?",
  earlier: "the shelf",
  result: "a book",
  answer: "One moment.",
  argument: "the drawer",
};
const [CHAT, RESPONSES, MESSAGES, COMPLETIONS] = DIALECT_SAMPLES;

let lastNumber = 0;
function captureOf(
  fields: Partial<Omit<Capture, "request" | "answer">> & { request: object; answer: object },
): Capture {
  const id = `1-${++lastNumber}`;
  return {
    id,
    requestId: `req-${id}`,
    at: new Date(1_800_000_000_000 + lastNumber),
    keyId: "key-a",
    team: undefined,
    alias: "kept",
    dialect: "openai/chat-completions",
    target: "own/first",
    version: "first@1",
    own: true,
    right: "train",
    override: undefined,
    mirrorOf: undefined,
    masked: {},
    ...fields,
    request: JSON.stringify(fields.request),
    answer: JSON.stringify(fields.answer),
  };
}

function chatOf(request: readonly object[], ...choices: object[]): Parameters<typeof captureOf>[0] {
  return {
    request: { messages: request },
    answer: { choices: choices.map((choice, index) => ({ index, finish_reason: "stop", ...choice })) },
  };
}

function callOf(id: string, to: string): object {
  return { id, type: "function", function: { name: "look", arguments: { to } } };
}

function responseOf(request: object, output: object[] = []): Parameters<typeof captureOf>[0] {
  return { dialect: "openai/responses", request, answer: { status: "completed", output } };
}

function turnOf(request: object, said: string, id: string, right: Capture["right"] = "train"): Capture {
  const content = [{ type: "output_text", text: said }];
  const output = [{ type: "message", role: "assistant", content }];
  return captureOf({
    dialect: "openai/responses",
    request,
    answer: { id, status: "completed", output },
    right,
  });
}

const user = (content: string): object => ({ role: "user", content });
const assistant = (content: string): object => ({ role: "assistant", content });

/** Writes, exports, reads back. */
async function exported(
  captures: readonly Capture[],
  options: Partial<ExportOptions> = {},
  said: readonly (Partial<FeedbackContent> & { of: Capture; right?: Feedback["right"] })[] = [],
): Promise<{ rows: Record<string, unknown>[]; skipped: SkipReason[] }> {
  await file.clear();
  await file.write(captures);
  for (const [index, { of, right = "train", ...content }] of said.entries()) {
    const feedback: Feedback = {
      id: `fb_${index}`,
      requestId: of.requestId,
      entryId: of.id,
      at: new Date(1_800_000_001_000 + index),
      keyId: "key-a",
      right,
      score: undefined,
      metrics: undefined,
      outcome: undefined,
      choice: 0,
      correction: undefined,
      comment: undefined,
      ...content,
    };
    const row = toFeedbackRow(feedback, { keyId: "key-a", team: null });
    await file.database.queries.insertInto("feedback").values(row).execute();
  }
  const skipped: SkipReason[] = [];
  const rows: Record<string, unknown>[] = [];
  const all = { right: "train", shape: "completions", ...options } as const;
  for await (const line of exportCaptures(file.database, {
    ...all,
    onSkip: (reason) => skipped.push(reason),
  })) {
    assert.equal(line.indexOf("\n"), line.length - 1);
    rows.push(JSON.parse(line) as Record<string, unknown>);
  }
  return { rows, skipped };
}

let file: CaptureFile;
before(async () => {
  file = await openCaptureFile();
});
after(() => file.close());

describe("captures as trainers read them", () => {
  it("one conversation with tools is the same from every chat dialect", async () => {
    const samples = [CHAT!, RESPONSES!, MESSAGES!];
    const captures = samples.map((sample) =>
      captureOf({ dialect: sample.dialect, request: sample.request(SAID), answer: sample.whole(SAID) }),
    );
    const { rows, skipped } = await exported(captures);
    assert.deepEqual(skipped, []);
    const expected = {
      prompt: [
        { role: "system", content: "Be brief." },
        user("Look it up."),
        { role: "assistant", content: "", tool_calls: [callOf("c1", "the shelf")] },
        { role: "tool", content: "a book", name: "look", tool_call_id: "c1" },
        user("And now?"),
      ],
      completion: [{ role: "assistant", content: "One moment.", tool_calls: [callOf("c2", "the drawer")] }],
      tools: [
        {
          type: "function",
          function: {
            name: "look",
            description: "Looks.",
            parameters: { type: "object", properties: { to: { type: "string" } } },
          },
        },
      ],
    };
    assert.deepEqual(rows, [expected, expected, expected]);
    for (const row of rows) CHAT_SHAPES.completions.parse(row);
  });

  it("every shape has the columns that trainers look for, and no others", async () => {
    for (const [shape, schema] of Object.entries(CHAT_SHAPES)) {
      const capture = captureOf(chatOf([user("2+2?")], { message: assistant("5") }));
      const said = [{ of: capture, score: -1, correction: "4" }];
      const { rows } = await exported([capture], { shape: shape as keyof typeof CHAT_SHAPES }, said);
      assert.equal(rows.length, 1, shape);
      schema.parse(rows[0]);
    }
  });

  it("a correction takes the answer's place, or is preferred to it; the last one counts", async () => {
    const capture = captureOf(
      chatOf([user("2+2?")], { message: assistant("5") }, { message: assistant("6") }),
    );
    const said = [
      { of: capture, correction: "3" },
      { of: capture, correction: "4", score: -1 },
      { of: capture, score: -0.5 },
      { of: capture, choice: 1, score: 0.5 },
    ];
    const { rows } = await exported([capture], { shape: "messages" }, said);
    assert.deepEqual(rows, [
      { messages: [user("2+2?"), assistant("4")] },
      { messages: [user("2+2?"), assistant("6")] },
    ]);
    const preferred = await exported([capture], { shape: "preference" }, said);
    assert.deepEqual(preferred.rows, [
      { prompt: [user("2+2?")], chosen: [assistant("4")], rejected: [assistant("5")] },
    ]);
    assert.deepEqual(preferred.skipped, ["no-feedback"]);
    const rated = await exported([capture], { shape: "rated" }, said);
    assert.deepEqual(
      rated.rows.map(({ completion, label }) => [completion, label]),
      [
        [[assistant("5")], false],
        [[assistant("6")], true],
      ],
    );
  });

  it("corrections may be messages with calls", async () => {
    const capture = captureOf(chatOf([user("Look.")], { message: assistant("No.") }));
    const call = { id: "c", type: "function", function: { name: "look", arguments: '{"to":"it"}' } };
    const correction = [
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "c", content: "a book" },
      { role: "assistant", content: "A book." },
    ];
    const { rows } = await exported([capture], { shape: "preference" }, [{ of: capture, correction }]);
    assert.deepEqual(rows[0]!["chosen"], [
      {
        role: "assistant",
        content: "",
        tool_calls: [{ id: "c", type: "function", function: { name: "look", arguments: { to: "it" } } }],
      },
      { role: "tool", content: "a book", name: "look", tool_call_id: "c" },
      assistant("A book."),
    ]);
    CHAT_SHAPES.preference.parse(rows[0]);
  });

  it("feedback counts only for what its own right permits", async () => {
    const capture = captureOf(chatOf([user("2+2?")], { message: assistant("5") }));
    const said = [{ of: capture, correction: "4", right: "evaluate" as const }];
    assert.deepEqual((await exported([capture], { shape: "preference" }, said)).rows, []);
    const evaluated = await exported([capture], { shape: "preference", right: "evaluate" }, said);
    assert.equal(evaluated.rows.length, 1);
  });

  it("whole conversations for training hold no answers of unknown origin", async () => {
    const earlier = captureOf(chatOf([user("a"), assistant("b"), user("c")], { message: assistant("d") }));
    const trained = await exported([earlier], { shape: "messages" });
    assert.deepEqual([trained.rows, trained.skipped], [[], ["earlier-answers"]]);
    assert.equal((await exported([earlier], { shape: "messages", right: "evaluate" })).rows.length, 1);
    const { rows } = await exported([earlier], { shape: "completions" });
    assert.deepEqual(rows[0]!["completion"], [assistant("d")]);
  });

  it("an answer that was begun by the client is one answer", async () => {
    const begun = captureOf(chatOf([user("Count."), assistant("one, ")], { message: assistant("two") }));
    const { rows } = await exported([begun], { shape: "messages" });
    assert.deepEqual(rows, [{ messages: [user("Count."), assistant("one, two")] }]);
  });

  it("nobody learns to stop in the middle, unless somebody said how it goes on", async () => {
    const cut = captureOf(chatOf([user("a")], { message: assistant("b"), finish_reason: "length" }));
    const filtered = captureOf(
      chatOf([user("a")], { message: assistant("b"), finish_reason: "content_filter" }),
    );
    const { rows, skipped } = await exported([cut, filtered]);
    assert.deepEqual([rows, skipped], [[], ["truncated", "filtered"]]);
    assert.equal((await exported([cut], { right: "evaluate" })).rows.length, 1);
    assert.equal((await exported([cut], {}, [{ of: cut, correction: "bcd" }])).rows.length, 1);
    const max = { ...MESSAGES!.whole(SAID), stop_reason: "max_tokens" };
    const claude = captureOf({
      dialect: "anthropic/messages",
      request: MESSAGES!.request(SAID),
      answer: max,
    });
    const incomplete = {
      ...RESPONSES!.whole(SAID),
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
    };
    const response = captureOf({
      dialect: "openai/responses",
      request: RESPONSES!.request(SAID),
      answer: incomplete,
    });
    assert.deepEqual((await exported([claude, response])).skipped, ["truncated", "truncated"]);
  });

  it("plain text is a form of its own", async () => {
    const { request, whole, dialect } = COMPLETIONS!;
    const text = captureOf({ dialect, request: request(SAID), answer: whole(SAID) });
    const many = captureOf({
      dialect,
      request: { prompt: ["a", "b"], n: 2, echo: true },
      answer: {
        choices: ["a1", "a2", "b3", "b4"].map((said, index) => ({
          index,
          text: said,
          finish_reason: "stop",
        })),
      },
    });
    const chat = captureOf(chatOf([user("a")], { message: assistant("b") }));
    const { rows, skipped } = await exported([text, many, chat], { form: "text" });
    assert.deepEqual(rows, [
      { prompt: "Be brief.\nthe shelf\na book\nAnd now?", completion: "One moment.\nthe drawer" },
      { prompt: "a", completion: "1" },
      { prompt: "a", completion: "2" },
      { prompt: "b", completion: "3" },
      { prompt: "b", completion: "4" },
    ]);
    assert.deepEqual(skipped, ["other-form"]);
    assert.deepEqual((await exported([text])).skipped, ["other-form"]);
    const whole1 = await exported([many], { form: "text", shape: "messages" });
    assert.deepEqual(whole1.rows[0], { text: "a1" });
  });

  it("a Responses request that goes on from an answer is put together again, if every turn may be used", async () => {
    const turns = (right: Capture["right"]): Capture[] => [
      turnOf({ input: "a", instructions: "old" }, "b", "resp_1", right),
      turnOf({ input: [user("c")], previous_response_id: "resp_1" }, "d", "resp_2"),
      turnOf({ input: "e", instructions: "new", previous_response_id: "resp_2" }, "f", "resp_3"),
    ];
    const { rows } = await exported(turns("train"));
    const expected = [
      { role: "system", content: "new" },
      user("a"),
      assistant("b"),
      user("c"),
      assistant("d"),
      user("e"),
    ];
    assert.deepEqual([rows[2]!["prompt"], rows[2]!["completion"]], [expected, [assistant("f")]]);
    assert.deepEqual((await exported(turns("evaluate"))).skipped, ["incomplete", "incomplete"]);
    assert.deepEqual((await exported(turns("train").slice(1))).skipped, ["incomplete", "incomplete"]);
    const circle = turnOf({ input: "x", previous_response_id: "resp_9" }, "y", "resp_9");
    assert.deepEqual((await exported([circle])).skipped, ["incomplete"]);
  });

  it("what cannot be said in these words is left out by name", async () => {
    const image = {
      role: "user",
      content: [{ type: "image_url", image_url: { url: "[omitted:9 characters]" } }],
    };
    const done = { message: assistant("b") };
    const broken = { id: "c", type: "function", function: { name: "f", arguments: "{oops" } };
    const { rows, skipped } = await exported(
      [
        chatOf([image], done),
        chatOf([user("a")], { message: { role: "assistant", content: null, tool_calls: [broken] } }),
        chatOf([{ role: "function", name: "f", content: "x" }], done),
        chatOf([user("a")]),
        responseOf({ input: "a", previous_response_id: "resp_0" }),
        responseOf({ input: [{ type: "item_reference", id: "msg_0" }] }),
        responseOf({ input: "a" }, [{ type: "web_search_call", id: "ws_1" }]),
        {
          dialect: "anthropic/messages" as const,
          request: { messages: [user("a")] },
          answer: { content: [{ type: "server_tool_use", id: "s", name: "web_search", input: {} }] },
        },
        { request: {}, answer: {} },
      ].map((one) => captureOf(one as Parameters<typeof captureOf>[0])),
    );
    assert.deepEqual(rows, []);
    assert.deepEqual(skipped, [
      "media",
      "broken-call",
      "unreadable",
      "unreadable",
      "incomplete",
      "incomplete",
      "hosted-tools",
      "hosted-tools",
      "unreadable",
    ]);
  });

  it("metadata says where an example comes from", async () => {
    const override = { by: "legal", reason: "contract" };
    const capture = captureOf({
      ...chatOf([user("a")], { message: assistant("b") }),
      own: false,
      target: "rented/m",
      override,
      masked: { email: 2 },
    });
    const { rows } = await exported([capture], { metadata: true }, [
      { of: capture, score: 1, outcome: "sent" },
    ]);
    assert.deepEqual(rows[0]!["metadata"], {
      id: capture.id,
      request_id: capture.requestId,
      at: capture.at.toISOString(),
      alias: "kept",
      dialect: "openai/chat-completions",
      target: "rented/m",
      version: "first@1",
      own: false,
      right: "train",
      override_by: "legal",
      override_reason: "contract",
      mirror_of: null,
      choice: 0,
      corrected: false,
      score: 1,
      outcome: "sent",
      masked: { email: 2 },
    });
  });
});
