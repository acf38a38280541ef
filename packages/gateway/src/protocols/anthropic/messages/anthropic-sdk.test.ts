// Anthropic's own SDK puts our events together again; what it gets must be what it gets whole.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Anthropic, BadRequestError } from "@anthropic-ai/sdk";
import type { Message } from "@anthropic-ai/sdk/resources/messages";
import { HomegrownError } from "@homegrown/contracts";
import { ANSWERS, startAnswering, textParts } from "./answers.fixture.ts";
import type { AnsweringServer } from "./answers.fixture.ts";

let server: AnsweringServer;
let client: Anthropic;

before(async () => {
  server = await startAnswering();
  client = new Anthropic({ baseURL: server.url, apiKey: "test", maxRetries: 2 });
});
after(() => server.close());

const REQUEST = {
  model: "first",
  max_tokens: 100,
  messages: [{ role: "user" as const, content: "Hello" }],
};

const failing = (kind: "invalid-input" | "overloaded", code: string): HomegrownError =>
  new HomegrownError({ code, kind, message: "No.", hint: "Do this." });

describe("streamed and whole answers are the same", () => {
  for (const [name, answer] of Object.entries(ANSWERS)) {
    it(name, async () => {
      server.next = answer;
      const whole = await client.messages.create(REQUEST);
      const streamed = await client.messages.stream(REQUEST).finalMessage();
      assert.deepEqual(plain(streamed), plain(whole));
      assert.equal(whole.usage.input_tokens, 30);
      assert.equal(whole.usage.cache_read_input_tokens, 70);
      assert.equal(whole.usage.output_tokens_details?.thinking_tokens, 11);
    });
  }
});

describe("what the client sends back", () => {
  it("a turn of tools and foreign thinking is understood again", async () => {
    server.next = ANSWERS["OpenAI's reasoning and web citations"]!;
    const first = await client.messages.create(REQUEST);
    server.next = ANSWERS["a call that Google signed"]!;
    const second = await client.messages.create(REQUEST);
    server.next = ANSWERS["plain text"]!;
    await client.messages.create({
      ...REQUEST,
      messages: [
        ...REQUEST.messages,
        { role: "assistant", content: first.content },
        { role: "user", content: "And?" },
        { role: "assistant", content: second.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: "A" }] },
      ],
    });
  });
});

describe("errors", () => {
  it("end a stream that has begun", async () => {
    const error = failing("overloaded", "gateway/rate-limited");
    const parts = [...textParts("0", "Hi").slice(0, -1), { type: "error", error } as const];
    server.next = { ...ANSWERS["plain text"]!, parts };
    const stream = client.messages.stream(REQUEST);
    let text = "";
    stream.on("text", (delta) => (text += delta));
    await assert.rejects(stream.finalMessage(), { type: "rate_limit_error" });
    assert.equal(text, "Hi");
  });

  it("have the SDK's own classes, and a used-up budget is not tried again", async () => {
    server.next = failing("invalid-input", "gateway/invalid-request");
    await assert.rejects(client.messages.create(REQUEST), (error) => {
      assert.ok(error instanceof BadRequestError);
      assert.equal(error.requestID, "req_1");
      assert.equal(error.type, "invalid_request_error");
      return true;
    });
    server.next = failing("overloaded", "gateway/budget-exhausted");
    const startedAt = performance.now();
    await assert.rejects(client.messages.create(REQUEST), { status: 402 });
    assert.ok(performance.now() - startedAt < 400, "tried again");
  });
});

/** Without what only the SDK adds. */
function plain(message: Message): unknown {
  const added = new Set(["_request_id", "parsed_output"]);
  return JSON.parse(JSON.stringify(message, (name, value: unknown) => (added.has(name) ? undefined : value)));
}
