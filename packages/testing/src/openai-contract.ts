// What OpenAI's own client must be able to do with a server of ours, whatever model is behind it. Written
// against what any language model does: nothing here knows which words will come.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import OpenAI, { APIError, BadRequestError, NotFoundError } from "openai";

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

const QUESTION = [{ role: "user" as const, content: "What is the capital of France?" }];
const PROMPT = "Once upon a time";
const PERSON_SCHEMA = {
  type: "object",
  properties: { name: { type: "string" }, size: { type: "string", enum: ["small", "large"] } },
  required: ["name", "size"],
  additionalProperties: false,
};

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
        const isNotFound = (error: unknown): boolean =>
          error instanceof NotFoundError && error.code === "model_not_found";
        await assert.rejects(client.models.retrieve("no/such-model"), isNotFound);
        const call = client.chat.completions.create({ model: "nobody", messages: QUESTION });
        await assert.rejects(call, isNotFound);
        await assert.rejects(client.completions.create({ model: "nobody", prompt: "a" }), isNotFound);
      });
    });

    describe("chat", () => {
      it("answers, and counts tokens", async () => {
        const answer = await client.chat.completions.create({
          model,
          messages: [{ role: "system", content: "Be short." }, ...QUESTION],
          max_tokens: 12,
        });
        assert.equal(answer.object, "chat.completion");
        assert.match(answer.id, /^chatcmpl-/);
        assert.equal(answer.model, model);
        assert.ok(answer.system_fingerprint);
        assert.equal(answer.choices.length, 1);
        const choice = answer.choices[0]!;
        assert.equal(choice.message.role, "assistant");
        assert.equal(typeof choice.message.content, "string");
        assert.ok(["stop", "length"].includes(choice.finish_reason));
        checkUsage(answer.usage, 12);
      });

      it("streams the same answer that it gives whole", async () => {
        const request = { model, messages: QUESTION, max_completion_tokens: 16, temperature: 0, seed: 7 };
        const whole = await client.chat.completions.create(request);
        const stream = await client.chat.completions.create({
          ...request,
          stream: true,
          stream_options: { include_usage: true },
        });
        let text = "";
        let reason: string | null = null;
        let usage: OpenAI.CompletionUsage | null | undefined;
        const ids = new Set<string>();
        for await (const chunk of stream) {
          assert.equal(chunk.object, "chat.completion.chunk");
          ids.add(chunk.id);
          assert.equal(usage ?? undefined, undefined, "nothing follows the usage");
          usage = chunk.usage;
          assert.equal(chunk.choices.length, usage ? 0 : 1);
          text += chunk.choices[0]?.delta.content ?? "";
          reason = chunk.choices[0]?.finish_reason ?? reason;
        }
        assert.equal(ids.size, 1);
        assert.equal(text, whole.choices[0]!.message.content);
        assert.equal(reason, whole.choices[0]!.finish_reason);
        assert.deepEqual(usage, whole.usage);
      });

      it("works through the client's stream helper", async () => {
        const stream = client.chat.completions.stream({ model, messages: QUESTION, max_tokens: 8, seed: 1 });
        const final = await stream.finalChatCompletion();
        assert.equal(typeof final.choices[0]!.message.content, "string");
      });

      it("repeats itself for a seed", async () => {
        const ask = async (seed: number): Promise<string | null> => {
          const answer = await client.chat.completions.create({
            model,
            messages: QUESTION,
            max_tokens: 16,
            seed,
          });
          return answer.choices[0]!.message.content;
        };
        assert.equal(await ask(11), await ask(11));
      });

      it("gives n choices, the first as if alone, streamed or not", async () => {
        const request = { model, messages: QUESTION, max_tokens: 10, temperature: 0, seed: 5 };
        const alone = await client.chat.completions.create(request);
        const three = await client.chat.completions.create({ ...request, n: 3 });
        assert.deepEqual(
          three.choices.map((choice) => choice.index),
          [0, 1, 2],
        );
        assert.equal(three.choices[0]!.message.content, alone.choices[0]!.message.content);
        assert.equal(three.usage!.prompt_tokens, alone.usage!.prompt_tokens, "the prompt counts once");

        const texts = ["", "", ""];
        const reasons = new Map<number, string>();
        for await (const chunk of await client.chat.completions.create({ ...request, n: 3, stream: true })) {
          for (const choice of chunk.choices) {
            texts[choice.index] += choice.delta.content ?? "";
            if (choice.finish_reason) reasons.set(choice.index, choice.finish_reason);
          }
        }
        assert.deepEqual(
          texts,
          three.choices.map((choice) => choice.message.content),
        );
        assert.equal(reasons.size, 3);
      });

      it("reports log-probabilities, streamed or not", async () => {
        const request = {
          model,
          messages: QUESTION,
          max_tokens: 6,
          temperature: 0,
          logprobs: true,
          top_logprobs: 3,
        };
        const whole = await client.chat.completions.create(request);
        const content = whole.choices[0]!.logprobs!.content!;
        assert.ok(content.length > 0);
        for (const token of content) {
          assert.ok(token.logprob <= 0);
          assert.equal(token.top_logprobs.length, 3);
          const [best, second] = token.top_logprobs;
          assert.ok(best!.logprob >= second!.logprob, "alternatives are ranked");
          assert.ok(Math.abs(token.logprob - best!.logprob) < 1e-3, "temperature 0 takes the likeliest");
        }
        const streamed = [];
        for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
          streamed.push(...(chunk.choices[0]?.logprobs?.content ?? []));
        }
        assert.deepEqual(
          streamed.map((token) => token.token),
          content.map((token) => token.token),
        );
      });

      it("stops before a stop sequence, streamed or not", async () => {
        const request = { model, messages: QUESTION, max_tokens: 24, temperature: 0 };
        const full = (await client.chat.completions.create(request)).choices[0]!.message.content!;
        const stop = full.slice(3, 5);
        assert.equal(stop.length, 2, "the model says enough to stop it");
        const stopped = await client.chat.completions.create({ ...request, stop: ["\u0000never", stop] });
        assert.equal(stopped.choices[0]!.finish_reason, "stop");
        assert.equal(stopped.choices[0]!.message.content, full.slice(0, full.indexOf(stop)));
        let text = "";
        for await (const chunk of await client.chat.completions.create({ ...request, stop, stream: true })) {
          text += chunk.choices[0]?.delta.content ?? "";
        }
        assert.equal(text, full.slice(0, full.indexOf(stop)));
      });

      it("ends at max_tokens with reason length, and max_completion_tokens wins", async () => {
        const answer = await client.chat.completions.create({
          model,
          messages: QUESTION,
          max_tokens: 40,
          max_completion_tokens: 2,
        });
        assert.ok(answer.usage!.completion_tokens <= 2);
      });

      it("holds the answer to JSON and to a JSON schema", async () => {
        const loose = await client.chat.completions.create({
          model,
          messages: [{ role: "user", content: "Answer in JSON." }],
          response_format: { type: "json_object" },
          max_tokens: 400,
          temperature: 0,
        });
        if (loose.choices[0]!.finish_reason === "stop") {
          assert.equal(typeof JSON.parse(loose.choices[0]!.message.content!), "object");
        }
        const strict = await client.chat.completions.create({
          model,
          messages: [{ role: "user", content: "Describe a person." }],
          response_format: {
            type: "json_schema",
            json_schema: { name: "person", strict: true, schema: PERSON_SCHEMA },
          },
          max_tokens: 400,
          temperature: 0,
        });
        const text = strict.choices[0]!.message.content!;
        assert.match(text, /^\s*\{\s*"name"/);
        if (strict.choices[0]!.finish_reason === "stop") {
          const person = JSON.parse(text) as { name: unknown; size: string };
          assert.deepEqual(Object.keys(person).sort(), ["name", "size"]);
          assert.ok(["small", "large"].includes(person.size));
        }
      });

      it("takes text parts, developer messages, a user and metadata", async () => {
        const answer = await client.chat.completions.create({
          model,
          messages: [
            { role: "developer", content: [{ type: "text", text: "Be kind." }] },
            {
              role: "user",
              content: [
                { type: "text", text: "Say " },
                { type: "text", text: "hello." },
              ],
            },
            { role: "assistant", content: "Hello." },
            { role: "user", content: "Again." },
          ],
          user: "someone",
          metadata: { team: "garden" },
          max_tokens: 4,
        });
        assert.equal(answer.choices.length, 1);
      });
    });

    describe("completions", () => {
      it("continue a text, streamed or not", async () => {
        const request = { model, prompt: PROMPT, max_tokens: 12, temperature: 0 };
        const whole = await client.completions.create(request);
        assert.equal(whole.object, "text_completion");
        assert.match(whole.id, /^cmpl-/);
        checkUsage(whole.usage, 12);
        let text = "";
        let usage: unknown;
        const stream = await client.completions.create({
          ...request,
          stream: true,
          stream_options: { include_usage: true },
        });
        for await (const chunk of stream) {
          text += chunk.choices[0]?.text ?? "";
          usage = chunk.usage ?? usage;
        }
        assert.equal(text, whole.choices[0]!.text);
        assert.deepEqual(usage, whole.usage);
      });

      it("answer a batch of prompts as each alone", async () => {
        const request = { model, max_tokens: 8, temperature: 0 };
        const prompts = [PROMPT, "The quick brown"];
        const batch = await client.completions.create({ ...request, prompt: prompts, n: 2 });
        assert.equal(batch.choices.length, 4);
        let promptTokens = 0;
        for (const [index, prompt] of prompts.entries()) {
          const alone = await client.completions.create({ ...request, prompt });
          promptTokens += alone.usage!.prompt_tokens;
          assert.equal(batch.choices[index * 2]!.text, alone.choices[0]!.text);
        }
        assert.equal(batch.usage!.prompt_tokens, promptTokens);
      });

      it("take token ids", async () => {
        const answer = await client.completions.create({ model, prompt: [1, 2, 3], max_tokens: 2 });
        assert.equal(answer.usage!.prompt_tokens, 3);
        const batch = await client.completions.create({
          model,
          prompt: [
            [1, 2],
            [3, 4],
          ],
          max_tokens: 2,
        });
        assert.equal(batch.choices.length, 2);
        assert.equal(batch.usage!.prompt_tokens, 4);
      });

      it("report log-probabilities in parallel arrays", async () => {
        const answer = await client.completions.create({
          model,
          prompt: PROMPT,
          max_tokens: 6,
          temperature: 0,
          logprobs: 2,
        });
        const { text, logprobs } = answer.choices[0]!;
        const { tokens, token_logprobs, top_logprobs, text_offset } = logprobs!;
        assert.ok(tokens!.length > 0);
        assert.deepEqual(
          [token_logprobs!.length, top_logprobs!.length, text_offset!.length],
          [tokens!.length, tokens!.length, tokens!.length],
        );
        for (const [index, token] of tokens!.entries()) {
          assert.ok(token_logprobs![index]! <= 0);
          assert.ok(token in top_logprobs![index]!);
        }
        if (!tokens!.some((token) => token.startsWith("bytes:"))) {
          const codePoints = [...text];
          for (const [index, token] of tokens!.entries()) {
            const start = text_offset![index]!;
            assert.equal(codePoints.slice(start, start + [...token].length).join(""), token);
          }
        }
      });

      it("echo the prompt", async () => {
        const request = { model, prompt: PROMPT, max_tokens: 4, temperature: 0 };
        const plain = await client.completions.create(request);
        const echoed = await client.completions.create({ ...request, echo: true });
        assert.equal(echoed.choices[0]!.text, PROMPT + plain.choices[0]!.text);
        let text = "";
        for await (const chunk of await client.completions.create({ ...request, echo: true, stream: true })) {
          text += chunk.choices[0]?.text ?? "";
        }
        assert.equal(text, echoed.choices[0]!.text);
      });
    });

    describe("refusals name what is wrong", () => {
      const chat = (fields: object): Promise<unknown> =>
        client.chat.completions.create({ model, messages: QUESTION, max_tokens: 4, ...fields } as never);
      const text = (fields: object): Promise<unknown> =>
        client.completions.create({ model, prompt: PROMPT, max_tokens: 4, ...fields } as never);
      const tool = { type: "function", function: { name: "f", parameters: {} } };
      const image = { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } };
      const cases: [param: string, call: () => Promise<unknown>, code?: string][] = [
        ["tools", () => chat({ tools: [tool] }), "unsupported_parameter"],
        ["functions", () => chat({ functions: [{ name: "f" }] }), "unsupported_parameter"],
        ["modalities", () => chat({ modalities: ["audio"] }), "unsupported_parameter"],
        ["audio", () => chat({ audio: { voice: "x", format: "mp3" } }), "unsupported_parameter"],
        ["messages", () => chat({ messages: undefined }), "missing_required_parameter"],
        ["messages", () => chat({ messages: [] }), "invalid_value"],
        ["messages[0].role", () => chat({ messages: [{ role: "wizard", content: "" }] }), "invalid_value"],
        ["messages[0].content", () => chat({ messages: [{ role: "user" }] }), "missing_required_parameter"],
        ["messages[0].content[0].type", () => chat({ messages: [{ role: "user", content: [image] }] })],
        ["temperature", () => chat({ temperature: 2.5 }), "invalid_value"],
        ["temperature", () => chat({ temperature: "hot" }), "invalid_type"],
        ["top_p", () => chat({ top_p: 1.5 }), "invalid_value"],
        ["presence_penalty", () => chat({ presence_penalty: -3 }), "invalid_value"],
        ["frequency_penalty", () => chat({ frequency_penalty: 3 }), "invalid_value"],
        ["logit_bias.5", () => chat({ logit_bias: { 5: 101 } }), "invalid_value"],
        ["n", () => chat({ n: 9 }), "invalid_value"],
        ["stop", () => chat({ stop: ["a", "b", "c", "d", "e"] }), "invalid_value"],
        ["max_tokens", () => chat({ max_tokens: 0 }), "invalid_value"],
        ["top_logprobs", () => chat({ top_logprobs: 2 }), "invalid_value"],
        ["top_logprobs", () => chat({ logprobs: true, top_logprobs: 21 }), "invalid_value"],
        ["response_format.json_schema", () => chat({ response_format: { type: "json_schema" } })],
        ["best_of", () => text({ best_of: 3 }), "unsupported_parameter"],
        ["suffix", () => text({ suffix: "end" }), "unsupported_parameter"],
        ["echo", () => text({ echo: true, logprobs: 1 }), "unsupported_parameter"],
        ["prompt", () => text({ prompt: [] }), "invalid_value"],
        ["prompt", () => text({ prompt: Array.from({ length: 129 }, () => "a") }), "invalid_value"],
      ];
      for (const [param, call, code] of cases) {
        it(`${param}: ${code ?? "400"}`, async () => {
          await assert.rejects(call, (error: unknown) => {
            assert.ok(error instanceof BadRequestError, String(error));
            assert.equal(error.param, param);
            assert.equal(error.type, "invalid_request_error");
            if (code) assert.equal(error.code, code);
            assert.ok(error.requestID);
            return true;
          });
        });
      }

      it("a prompt past the context: context_length_exceeded", async () => {
        const messages = [{ role: "user" as const, content: "word ".repeat(200_000) }];
        for (const stream of [false, true]) {
          await assert.rejects(
            client.chat.completions.create({ model, messages, stream, max_tokens: 1 }),
            (error: unknown) => error instanceof APIError && error.code === "context_length_exceeded",
          );
        }
      });
    });

    it("ends the work when the client leaves, and goes on serving", async () => {
      const stream = await client.chat.completions.create({ model, messages: QUESTION, stream: true });
      for await (const _ of stream) break;
      const answer = await client.chat.completions.create({ model, messages: QUESTION, max_tokens: 2 });
      assert.equal(answer.choices.length, 1);
    });
  });
}

function checkUsage(usage: OpenAI.CompletionUsage | undefined, maxTokens: number): void {
  assert.ok(usage);
  assert.ok(usage.prompt_tokens > 0);
  assert.ok(usage.completion_tokens > 0 && usage.completion_tokens <= maxTokens);
  assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
}
