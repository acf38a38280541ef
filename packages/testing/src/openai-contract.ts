// What OpenAI's own client must be able to do with a server of ours, whatever model is behind it. Written
// against what any language model does: nothing here knows which words will come.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import OpenAI, { NotFoundError } from "openai";
import { describeChat } from "./openai-chat-contract.ts";
import { describeCompletions } from "./openai-completions-contract.ts";
import { describeRefusals } from "./openai-refusals-contract.ts";
import { QUESTION } from "./openai-subject.ts";

export interface RunningServer {
  /** Without `/v1`. */
  url: string;
  /** Name of a model that is served; it must be able to chat. */
  model: string;
  close(): Promise<void>;
}

export interface OpenAiContractOptions {
  name: string;
  start(): Promise<RunningServer>;
}

/** Registers the suite with `node:test`. */
export function openAiContract({ name, start }: OpenAiContractOptions): void {
  describe(`OpenAI contract: ${name}`, () => {
    let server: RunningServer;
    let client: OpenAI;
    let model: string;
    before(async () => {
      server = await start();
      model = server.model;
      client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
    });
    after(() => server?.close());

    describe("models", () => {
      it("are listed and found by name", async () => {
        const ids = [];
        for await (const entry of client.models.list()) ids.push(entry.id);
        assert.ok(ids.includes(model));
        const found = await client.models.retrieve(model);
        assert.equal(found.id, model);
        assert.equal(found.object, "model");
        assert.ok(found.created > 0);
      });

      it("that are not served are 404 model_not_found", async () => {
        await assert.rejects(client.models.retrieve("no/such-model"), isNotFound);
        const call = client.chat.completions.create({ model: "nobody", messages: QUESTION });
        await assert.rejects(call, isNotFound);
        await assert.rejects(client.completions.create({ model: "nobody", prompt: "a" }), isNotFound);
      });
    });

    describeChat(() => ({ client, model }));

    describeCompletions(() => ({ client, model }));

    describeRefusals(() => ({ client, model }));

    it("ends the work when the client leaves, and goes on serving", async () => {
      const stream = await client.chat.completions.create({ model, messages: QUESTION, stream: true });
      for await (const _ of stream) break;
      const answer = await client.chat.completions.create({ model, messages: QUESTION, max_tokens: 2 });
      assert.equal(answer.choices.length, 1);
    });
  });
}

function isNotFound(error: unknown): boolean {
  return error instanceof NotFoundError && error.code === "model_not_found";
}
