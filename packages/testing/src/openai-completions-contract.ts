import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkUsage, PROMPT } from "./openai-subject.ts";
import type { OpenAiSubject } from "./openai-subject.ts";

/** `POST /v1/completions`. */
export function describeCompletions(subject: () => OpenAiSubject): void {
  describe("completions", () => {
    it("continue a text, streamed or not", async () => {
      const request = { model: subject().model, prompt: PROMPT, max_tokens: 12, temperature: 0 };
      const whole = await subject().client.completions.create(request);
      assert.equal(whole.object, "text_completion");
      assert.match(whole.id, /^cmpl-/);
      checkUsage(whole.usage, 12);
      let text = "";
      let usage: unknown;
      const stream = await subject().client.completions.create({
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
      const request = { model: subject().model, max_tokens: 8, temperature: 0 };
      const prompts = [PROMPT, "The quick brown"];
      const batch = await subject().client.completions.create({ ...request, prompt: prompts, n: 2 });
      assert.equal(batch.choices.length, 4);
      let promptTokens = 0;
      for (const [index, prompt] of prompts.entries()) {
        const alone = await subject().client.completions.create({ ...request, prompt });
        promptTokens += alone.usage!.prompt_tokens;
        assert.equal(batch.choices[index * 2]!.text, alone.choices[0]!.text);
      }
      assert.equal(batch.usage!.prompt_tokens, promptTokens);
    });

    it("take token ids", async () => {
      const answer = await subject().client.completions.create({
        model: subject().model,
        prompt: [1, 2, 3],
        max_tokens: 2,
      });
      assert.equal(answer.usage!.prompt_tokens, 3);
      const batch = await subject().client.completions.create({
        model: subject().model,
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
      const answer = await subject().client.completions.create({
        model: subject().model,
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
      const request = { model: subject().model, prompt: PROMPT, max_tokens: 4, temperature: 0 };
      const plain = await subject().client.completions.create(request);
      const echoed = await subject().client.completions.create({ ...request, echo: true });
      assert.equal(echoed.choices[0]!.text, PROMPT + plain.choices[0]!.text);
      let text = "";
      for await (const chunk of await subject().client.completions.create({
        ...request,
        echo: true,
        stream: true,
      })) {
        text += chunk.choices[0]?.text ?? "";
      }
      assert.equal(text, echoed.choices[0]!.text);
    });
  });
}
