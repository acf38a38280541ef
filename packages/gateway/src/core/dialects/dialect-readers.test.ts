import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DIALECT_READERS } from "./dialect-readers.ts";
import type { StreamReader } from "./dialect-reader.ts";

/** One event of the Responses API, as it names itself twice. */
const responseEvent = (type: string, rest: object): Buffer =>
  Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`);

function read(...events: readonly Buffer[]): StreamReader {
  const reader = DIALECT_READERS["openai/responses"].createStreamReader!();
  for (const event of events) reader.read(event);
  return reader;
}

describe("usage of answers whose bytes pass through", () => {
  it("holds tokens that a chat completion wrote to a cache", () => {
    const usage = {
      prompt_tokens: 1000,
      completion_tokens: 9,
      prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 800 },
    };
    const { input, cacheRead, cacheWrite } = DIALECT_READERS["openai/chat-completions"].usageOf({ usage })!;
    assert.deepEqual([input, cacheRead, cacheWrite], [1000, 100, 800]);
  });

  it("holds tokens that a message spent on thinking", () => {
    const usage = { input_tokens: 3, output_tokens: 500, output_tokens_details: { thinking_tokens: 400 } };
    const { output, reasoning } = DIALECT_READERS["anthropic/messages"].usageOf({ usage })!;
    assert.deepEqual([output, reasoning], [500, 400]);
    const bare = DIALECT_READERS["anthropic/messages"].usageOf({
      usage: { input_tokens: 3, output_tokens: 5, output_tokens_details: null },
    });
    assert.equal(bare!.reasoning, 0);
  });
});

describe("a stream of the Responses API", () => {
  const usage = { input_tokens: 7, output_tokens: 2 };

  it("is complete with its last event, whatever its metadata is called", () => {
    const response = { id: "resp_1", status: "completed", metadata: { delta: "v2" }, output: [], usage };
    const reader = read(
      responseEvent("response.output_text.delta", { delta: "Hello" }),
      responseEvent("response.completed", { response }),
    );
    assert.deepEqual([reader.isComplete, reader.textBytes, reader.usage?.input], [true, 5, 7]);
    assert.deepEqual(reader.answer, response);
  });

  it("has failed with an error, whatever that quotes", () => {
    const reader = read(responseEvent("error", { code: "server_error", message: "x", delta: "y" }));
    assert.equal(reader.error?.code, "server_error");
    assert.equal(reader.isComplete, false);
  });
});
