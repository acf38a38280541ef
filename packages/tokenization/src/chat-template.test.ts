import assert from "node:assert/strict";
import { test } from "node:test";
import { CHATML_TEMPLATE, renderChat } from "./index.ts";

test("ChatML as Qwen writes it", () => {
  const messages = [
    { role: "system", content: "Be brief." },
    { role: "user", content: " What's\n<b>new</b>? \n" },
    { role: "assistant", content: "Nothing." },
  ] as const;
  const rendered =
    "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n What's\n<b>new</b>? \n<|im_end|>\n";
  const answer = "<|im_start|>assistant\nNothing.<|im_end|>\n";
  assert.equal(renderChat(CHATML_TEMPLATE, { messages, addGenerationPrompt: false }), rendered + answer);
  assert.equal(
    renderChat(CHATML_TEMPLATE, { messages: messages.slice(0, 2), addGenerationPrompt: true }),
    `${rendered}<|im_start|>assistant\n`,
  );
});

test("what is rendered for a question is the beginning of what is rendered with its answer", () => {
  const question = [{ role: "user", content: "?" }] as const;
  const answered = [...question, { role: "assistant", content: "!" }] as const;
  const prompt = renderChat(CHATML_TEMPLATE, { messages: question, addGenerationPrompt: true });
  assert.ok(
    renderChat(CHATML_TEMPLATE, { messages: answered, addGenerationPrompt: false }).startsWith(prompt),
  );
});

test("a template that does not parse, or raises, is named", () => {
  const options = { messages: [{ role: "user", content: "Hi" }], addGenerationPrompt: true } as const;
  for (const template of ["{% for %}", "{{ raise_exception('no system turn') }}", "x".repeat(2 ** 20 + 1)]) {
    assert.throws(() => renderChat(template, options), { code: "tokenization/bad-chat-template" });
  }
  assert.throws(() => renderChat("{{ raise_exception('no system turn') }}", options), /no system turn/);
});
