import assert from "node:assert/strict";
import { it } from "node:test";
import { ByteMarkov, END_OF_TEXT } from "./byte-markov.ts";
import { DEFAULT_DOCUMENTS, createMarkovModel } from "./markov-model.ts";

it("probabilities sum to one for seen and unseen histories", () => {
  const model = new ByteMarkov(DEFAULT_DOCUMENTS, 6);
  for (const text of ["", "Once upon", "zzzz\u0000", "こんに"]) {
    const total = model
      .logProbabilities([...Buffer.from(text)])
      .reduce((sum, value) => sum + Math.exp(value), 0);
    assert.ok(Math.abs(total - 1) < 1e-12, `${total}`);
  }
});

it("matches Witten-Bell worked out by hand", () => {
  // "aab" with its end, order 1: after "a" come a and b once each; without history a twice, b and end once.
  const model = new ByteMarkov(["aab"], 1);
  const [a, b] = [97, 98];
  const given = model.logProbabilities([a]);
  assert.ok(Math.abs(Math.exp(given[a]!) - (1 + 2 * witnessed(2)) / 4) < 1e-12);
  assert.ok(Math.abs(Math.exp(given[b]!) - (1 + 2 * witnessed(1)) / 4) < 1e-12);
  assert.ok(Math.abs(Math.exp(given[END_OF_TEXT]!) - (2 * witnessed(1)) / 4) < 1e-12);
});

it("completes what it has learned, and reports the probability of what it said", async () => {
  const model = createMarkovModel({ modelId: "m", order: 12 });
  const prompt = "Once upon a time there was a gardener";
  let text = "";
  let reported = 0;
  for await (const part of model.completion.complete({ prompt, temperature: 0, logProbabilities: true })) {
    if (part.type === "finish") continue;
    text += part.text;
    for (const token of part.tokens) reported += token.logProbability;
  }
  assert.equal(text, " who planted words, and the words grew into sentences.");
  const bytes = [...Buffer.from(prompt + text)];
  let expected = 0;
  for (let i = prompt.length; i < bytes.length; i++) {
    expected += model.markov.logProbabilities(bytes.slice(0, i))[bytes[i]!]!;
  }
  assert.ok(Math.abs(reported - expected) < 1e-9);
});

/** Without history: 4 symbols seen, 3 of them different, over the uniform 1/257. */
function witnessed(count: number): number {
  return (count + 3 / 257) / (4 + 3);
}
