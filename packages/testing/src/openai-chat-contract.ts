import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type OpenAI from "openai";
import { checkUsage, QUESTION } from "./openai-subject.ts";
import type { OpenAiSubject } from "./openai-subject.ts";

const PERSON_SCHEMA = {
  type: "object",
  properties: { name: { type: "string" }, size: { type: "string", enum: ["small", "large"] } },
  required: ["name", "size"],
  additionalProperties: false,
};

/** `POST /v1/chat/completions`. */
export function describeChat(subject: () => OpenAiSubject): void {
  describe("chat", () => {
    it("answers, and counts tokens", async () => {
      const answer = await subject().client.chat.completions.create({
        model: subject().model,
        messages: [{ role: "system", content: "Be short." }, ...QUESTION],
        max_tokens: 12,
      });
      assert.equal(answer.object, "chat.completion");
      assert.match(answer.id, /^chatcmpl-/);
      assert.equal(answer.model, subject().model);
      assert.ok(answer.system_fingerprint);
      assert.equal(answer.choices.length, 1);
      const choice = answer.choices[0]!;
      assert.equal(choice.message.role, "assistant");
      assert.equal(typeof choice.message.content, "string");
      assert.ok(["stop", "length"].includes(choice.finish_reason));
      checkUsage(answer.usage, 12);
    });

    it("streams the same answer that it gives whole", async () => {
      const request = {
        model: subject().model,
        messages: QUESTION,
        max_completion_tokens: 16,
        temperature: 0,
        seed: 7,
      };
      const whole = await subject().client.chat.completions.create(request);
      const stream = await subject().client.chat.completions.create({
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
      // How much of the prompt was cached depends on what was asked before.
      assert.deepEqual(toCounts(usage), toCounts(whole.usage));
    });

    it("works through the client's stream helper", async () => {
      const stream = subject().client.chat.completions.stream({
        model: subject().model,
        messages: QUESTION,
        max_tokens: 8,
        seed: 1,
      });
      const final = await stream.finalChatCompletion();
      assert.equal(typeof final.choices[0]!.message.content, "string");
    });

    it("repeats itself for a seed", async () => {
      const ask = { model: subject().model, messages: QUESTION, max_tokens: 16, seed: 11 };
      const first = await subject().client.chat.completions.create(ask);
      const second = await subject().client.chat.completions.create(ask);
      assert.equal(first.choices[0]!.message.content, second.choices[0]!.message.content);
    });

    it("gives n choices, the first as if alone, streamed or not", async () => {
      const request = { model: subject().model, messages: QUESTION, max_tokens: 10, temperature: 0, seed: 5 };
      const alone = await subject().client.chat.completions.create(request);
      const three = await subject().client.chat.completions.create({ ...request, n: 3 });
      assert.deepEqual(
        three.choices.map((choice) => choice.index),
        [0, 1, 2],
      );
      assert.equal(three.choices[0]!.message.content, alone.choices[0]!.message.content);
      assert.equal(three.usage!.prompt_tokens, alone.usage!.prompt_tokens, "the prompt counts once");

      const texts = ["", "", ""];
      const reasons = new Map<number, string>();
      for await (const chunk of await subject().client.chat.completions.create({
        ...request,
        n: 3,
        stream: true,
      })) {
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
        model: subject().model,
        messages: QUESTION,
        max_tokens: 6,
        temperature: 0,
        logprobs: true,
        top_logprobs: 3,
      };
      const whole = await subject().client.chat.completions.create(request);
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
      for await (const chunk of await subject().client.chat.completions.create({
        ...request,
        stream: true,
      })) {
        streamed.push(...(chunk.choices[0]?.logprobs?.content ?? []));
      }
      assert.deepEqual(
        streamed.map((token) => token.token),
        content.map((token) => token.token),
      );
    });

    it("stops before a stop sequence, streamed or not", async () => {
      const request = { model: subject().model, messages: QUESTION, max_tokens: 24, temperature: 0 };
      const full = (await subject().client.chat.completions.create(request)).choices[0]!.message.content!;
      const stop = findStop(full);
      const stopped = await subject().client.chat.completions.create({
        ...request,
        stop: ["\u0000never", stop],
      });
      assert.equal(stopped.choices[0]!.finish_reason, "stop");
      assert.equal(stopped.choices[0]!.message.content, full.slice(0, full.indexOf(stop)));
      let text = "";
      for await (const chunk of await subject().client.chat.completions.create({
        ...request,
        stop,
        stream: true,
      })) {
        text += chunk.choices[0]?.delta.content ?? "";
      }
      assert.equal(text, full.slice(0, full.indexOf(stop)));
    });

    it("ends at max_tokens with reason length, and max_completion_tokens wins", async () => {
      const answer = await subject().client.chat.completions.create({
        model: subject().model,
        messages: QUESTION,
        max_tokens: 40,
        max_completion_tokens: 2,
      });
      assert.ok(answer.usage!.completion_tokens <= 2);
    });

    it("holds the answer to JSON and to a JSON schema", async () => {
      const loose = await subject().client.chat.completions.create({
        model: subject().model,
        messages: [{ role: "user", content: "Answer in JSON." }],
        response_format: { type: "json_object" },
        max_tokens: 400,
        temperature: 0,
      });
      if (loose.choices[0]!.finish_reason === "stop") {
        assert.equal(typeof JSON.parse(loose.choices[0]!.message.content!), "object");
      }
      const strict = await subject().client.chat.completions.create({
        model: subject().model,
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

    it("names what no model sees, and answers all the same", async () => {
      const { data, response } = await subject()
        .client.chat.completions.create({
          model: subject().model,
          messages: QUESTION,
          max_tokens: 4,
          tools: [],
          verbosity: "low",
          store: false,
          min_p: 0.1,
        } as OpenAI.ChatCompletionCreateParamsNonStreaming)
        .withResponse();
      assert.equal(data.choices.length, 1);
      const dropped = response.headers.get("x-homegrown-dropped")?.split(/, */) ?? [];
      assert.deepEqual(dropped.sort(), ["min_p", "verbosity"]);
    });

    it("takes text parts, developer messages, a user and metadata", async () => {
      const answer = await subject().client.chat.completions.create({
        model: subject().model,
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
}

/** Two characters of a text, not its first, whole ones: a token may end within a character. */
function findStop(text: string): string {
  const characters = [...text];
  const at = characters.findIndex(
    (_, i) => i > 0 && /^[^\ufffd]{2}$/u.test(characters.slice(i, i + 2).join("")),
  );
  assert.ok(at > 0, `the model says enough to stop it: ${JSON.stringify(text)}`);
  return characters.slice(at, at + 2).join("");
}

function toCounts(usage: OpenAI.CompletionUsage | null | undefined): Partial<OpenAI.CompletionUsage> {
  const { prompt_tokens_details: _, ...counts } = usage ?? {};
  return counts;
}
