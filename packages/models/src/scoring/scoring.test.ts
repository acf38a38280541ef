import assert from "node:assert/strict";
import { before, after, test } from "node:test";
import { someIds, tinyModel } from "../fixtures/tiny-model.ts";
import { createScorer } from "./create-scorer.ts";
import type { Scorer } from "./create-scorer.ts";
import { sampleId } from "./sample-id.ts";

const model = tinyModel();
let scorer: Scorer;
before(async () => {
  scorer = await createScorer(model.config, model.parameters, { maxSequenceLength: 70 });
});
after(() => scorer.close());

test("log-probabilities are those of the logits, and do not depend on the padded length", async () => {
  const ids = someIds(70);
  const whole = await scorer.logProbabilities(ids);
  assert.equal(whole.length, 69);
  // 1, 31, 32 and 33 inputs fall into different padded lengths.
  for (const length of [2, 32, 33, 34, 66]) {
    const part = await scorer.logProbabilities(ids.slice(0, length));
    part.forEach((value, i) => assert.ok(Math.abs(value - whole[i]!) < 1e-4, `${length}, ${i}`));
    const logits = await scorer.nextLogits(ids.slice(0, length));
    const normaliser = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    const next = ids[length];
    assert.ok(Math.abs(logits[next!]! - normaliser - whole[length - 1]!) < 1e-4);
  }
});

test("calls made at once give what they give one after another", async () => {
  const lists = [someIds(20, 1), someIds(25, 2), someIds(20, 3)];
  const together = await Promise.all(lists.map((ids) => scorer.logProbabilities(ids)));
  for (const [i, ids] of lists.entries()) assert.deepEqual(await scorer.logProbabilities(ids), together[i]);
});

test("one id has nothing to score", async () => {
  assert.equal((await scorer.logProbabilities([5])).length, 0);
});

test("generation: greedy is the largest logit, stops before a stop id, ends at the scorer's length", async () => {
  const ids = someIds(8);
  const answer = await scorer.generate({ ids, maxTokens: 10 });
  assert.equal(answer.length, 10);
  const logits = await scorer.nextLogits([...ids, ...answer.slice(0, 4)]);
  assert.equal(answer[4], logits.indexOf(logits.reduce((a, b) => Math.max(a, b))));
  const stop = answer[3]!;
  assert.deepEqual(
    await scorer.generate({ ids, maxTokens: 10, stopIds: [stop] }),
    answer.slice(0, answer.indexOf(stop)),
  );
  assert.equal((await scorer.generate({ ids: someIds(65), maxTokens: 10 })).length, 5);
  await assert.rejects(scorer.generate({ ids, maxTokens: 10, signal: AbortSignal.abort() }), {
    name: "AbortError",
  });
});

test("sampling: equal seeds agree, and continuing draws what an unbroken run draws", async () => {
  const ids = someIds(8);
  const options = { ids, maxTokens: 12, temperature: 1, seed: 9 };
  const answer = await scorer.generate(options);
  assert.deepEqual(await scorer.generate(options), answer);
  const rest = await scorer.generate({ ...options, ids: [...ids, ...answer.slice(0, 5)], maxTokens: 7 });
  assert.deepEqual(rest, answer.slice(5));
  assert.notDeepEqual(await scorer.generate({ ...options, seed: 10 }), answer);
});

test("sampled ids come as often as the softmax says", () => {
  const logits = Float32Array.of(0, 1, 2, -40);
  const temperature = 0.7;
  const weights = [...logits].map((logit) => Math.exp(logit / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  const counts = [0, 0, 0, 0];
  const draws = 20_000;
  for (let step = 0; step < draws; step += 1) counts[sampleId(logits, { temperature, seed: 1, step })]! += 1;
  counts.forEach((count, id) => {
    const share = weights[id]! / total;
    const bound = 5 * Math.sqrt((share * (1 - share)) / draws) + 1e-9;
    assert.ok(Math.abs(count / draws - share) <= bound, `id ${id}: ${count / draws}, expected ${share}`);
  });
});

const REFUSED = [
  { name: "no ids", ids: [], code: "models/empty-sequence" },
  { name: "too many ids", ids: someIds(71), code: "models/sequence-too-long" },
  { name: "an id past the vocabulary", ids: [1, 288], code: "models/id-outside-vocabulary" },
  { name: "a negative id", ids: [-1, 3], code: "models/id-outside-vocabulary" },
  { name: "half an id", ids: [0.5, 3], code: "models/id-outside-vocabulary" },
] as const;

for (const { name, ids, code } of REFUSED) {
  test(`${name}: a clear error`, async () => {
    await assert.rejects(scorer.logProbabilities(ids), { name: "HomegrownError", code });
    await assert.rejects(scorer.generate({ ids, maxTokens: 1 }), { name: "HomegrownError", code });
  });
}

test("parameters of another configuration are refused", async () => {
  const { config } = tinyModel({ tieWordEmbeddings: false });
  await assert.rejects(createScorer(config, model.parameters, { maxSequenceLength: 8 }), {
    code: "models/missing-parameter",
    message: /lm_head/,
  });
  await assert.rejects(
    createScorer({ ...model.config, vocabSize: 320 }, model.parameters, { maxSequenceLength: 8 }),
    { code: "models/wrong-parameter-size", message: /embed_tokens/ },
  );
});
