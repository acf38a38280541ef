import assert from "node:assert/strict";
import { test } from "node:test";
import { planMemory, sliceOf } from "./memory-layout.ts";
import { shareMatrices } from "./muon.ts";
import type { OptimizerOptions } from "./optimizer.ts";
import { createStepper } from "./stepper.ts";
import type { Stepper, StepperOptions } from "./stepper.ts";
import {
  tinyBatch,
  tinyInitial,
  tinyReference,
  tinyScoreProgram,
  tinySpecs,
  tinyStepProgram,
} from "./tiny-program.ts";

const adamw: OptimizerOptions = { kind: "adamw", beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0 };
const learningRates = { base: 0.02, matrix: 0.02 };

function createTiny(options: Partial<StepperOptions> = {}): Promise<Stepper> {
  return createStepper({
    program: tinyStepProgram(2),
    evaluation: tinyScoreProgram(3),
    numWorkers: 2,
    microBatches: 1,
    optimizer: adamw,
    initial: tinyInitial,
    ...options,
  });
}

function contents(stepper: Stepper): Record<string, number[]> {
  return Object.fromEntries([...stepper.parameters, ...stepper.optimizerState].map(([k, v]) => [k, [...v]]));
}

test("the same run twice ends in the same bits, with either optimizer", async () => {
  for (const kind of ["adamw", "muon"] as const) {
    const ends = [];
    for (let run = 0; run < 2; run++) {
      const stepper = await createTiny({ optimizer: { ...adamw, kind } });
      for (let stepNumber = 1; stepNumber <= 6; stepNumber++) {
        await stepper.step({ ...tinyBatch(4, stepNumber), learningRates, stepNumber, clipNorm: 1 });
      }
      ends.push(contents(stepper));
      await stepper.close();
    }
    assert.deepEqual(ends[0], ends[1]);
  }
});

test("a tiny model learns one batch by heart", async () => {
  const stepper = await createTiny({ optimizer: { ...adamw, kind: "muon" } });
  // The model has no memory, so the target must follow from the id alone.
  const ids = tinyBatch(4, 1).ids;
  const targets = ids.map((id) => (id * 3 + 1) % 11);
  let loss = Number.POSITIVE_INFINITY;
  for (let stepNumber = 1; stepNumber <= 120; stepNumber++) {
    ({ loss } = await stepper.step({ ids, targets, learningRates, stepNumber, clipNorm: 1 }));
  }
  await stepper.close();
  assert.ok(loss < 0.02, `loss ${loss} after 120 steps`);
});

test("a step that is not finite or above a limit changes nothing and does not harm the next", async () => {
  const stepper = await createTiny({ optimizer: { ...adamw, kind: "muon" } });
  const step = (stepNumber: number, more = {}): ReturnType<Stepper["step"]> =>
    stepper.step({ ...tinyBatch(4, stepNumber), learningRates, stepNumber, clipNorm: 1, ...more });
  await step(1);
  const before = contents(stepper);
  assert.equal((await step(2, { lossLimit: 0.1 })).applied, false);
  assert.equal((await step(2, { gradientNormLimit: 1e-9 })).applied, false);
  assert.deepEqual(contents(stepper), before);
  const gain = stepper.parameters.get("gain")!;
  const kept = gain[0]!;
  gain[0] = Number.NaN;
  const poisoned = await step(2);
  assert.equal(poisoned.applied, false);
  assert.ok(Number.isNaN(poisoned.loss));
  gain[0] = kept;
  assert.deepEqual(contents(stepper), before);
  const after = await step(2);
  assert.equal(after.applied, true);
  assert.equal(after.loss, (await replay(2)).loss, "no gradient was left over");
  await stepper.close();

  async function replay(steps: number): Promise<{ loss: number }> {
    const fresh = await createTiny({ optimizer: { ...adamw, kind: "muon" } });
    let outcome = { loss: Number.NaN };
    for (let k = 1; k <= steps; k++) {
      outcome = await fresh.step({ ...tinyBatch(4, k), learningRates, stepNumber: k, clipNorm: 1 });
    }
    await fresh.close();
    return outcome;
  }
});

test("evaluation sums any number of sequences, and changes nothing", async () => {
  const stepper = await createTiny();
  const before = contents(stepper);
  for (const sequences of [1, 3, 7]) {
    const batch = tinyBatch(sequences, 5);
    const { sumLoss, numTokens } = await stepper.evaluate(batch);
    const { loss } = tinyReference(stepper.parameters, batch);
    assert.equal(
      numTokens,
      batch.weights.reduce((a, b) => a + b, 0),
    );
    assert.ok(Math.abs(sumLoss / numTokens - loss) < 2e-6);
  }
  assert.deepEqual(contents(stepper), before);
  await stepper.close();
});

test("a batch that does not fit is refused with what was expected", async () => {
  const stepper = await createTiny();
  const rest = { learningRates, stepNumber: 1, clipNorm: 1 };
  const batch = tinyBatch(4, 1);
  await assert.rejects(stepper.step({ ...tinyBatch(3, 1), ...rest }), { code: "engine/bad-batch" });
  const nothing = { ...batch, weights: new Float32Array(16) };
  await assert.rejects(stepper.step({ ...nothing, ...rest }), { code: "engine/empty-batch" });
  // An id outside the vocabulary would write outside its table: the worker refuses it, and the team ends.
  const foreign = { ...batch, ids: batch.ids.map(() => 11) };
  await assert.rejects(stepper.step({ ...foreign, ...rest }), { code: "engine/id-out-of-range" });
  await assert.rejects(stepper.step({ ...batch, ...rest }), { code: "engine/id-out-of-range" });
  await stepper.close();
});

test("a worker that cannot start is an error, not a wait", async () => {
  const program = { ...tinyStepProgram(2), onnx: Uint8Array.of(1, 2, 3) };
  await assert.rejects(createTiny({ program }), { code: "engine/bad-graph" });
});

test("a program that overwrites gradients serves one micro-batch a step, and no more", async () => {
  const program = tinyStepProgram(2, false);
  await assert.rejects(createTiny({ program, microBatches: 2 }), {
    code: "engine/overwriting-program",
    message: /one micro-batch a step, got 2/,
    hint: /accumulate: true/,
  });
  const stepper = await createTiny({ program });
  assert.equal(stepper.sequencesPerStep, 4);
  await stepper.close();
});

test("closing while a step runs rejects the step", async () => {
  const stepper = await createTiny();
  const pending = stepper.step({ ...tinyBatch(4, 1), learningRates, stepNumber: 1, clipNorm: 1 });
  const rejected = assert.rejects(pending, { code: "engine/closed" });
  await stepper.close();
  await rejected;
});

test("more than 4 GiB of shared memory is refused with a way out", () => {
  const huge = { ...tinySpecs[2]!, shape: [1 << 14, 1 << 14] };
  assert.throws(() => planMemory({ ...tinyStepProgram(2), parameters: [huge] }, "adamw", 2), {
    code: "engine/too-large",
    hint: /cluster/,
  });
});

test("slices cover everything once; matrices are spread by cost and none is lost", () => {
  for (const parts of [1, 2, 3, 7]) {
    const slices = Array.from({ length: parts }, (_, k) => sliceOf(1000 * 16, k, parts));
    assert.equal(slices[0]![0], 0);
    assert.equal(slices.at(-1)![1], 16_000);
    slices.slice(1).forEach(([from], k) => assert.equal(from, slices[k]![1]));
  }
  const { placements } = planMemory(tinyStepProgram(2), "muon", 2);
  const shares = shareMatrices(placements, 2).map((share) => share.map(({ spec }) => spec.name));
  assert.deepEqual(shares.flat().sort(), ["down", "gate", "up"]);
  assert.ok(shares.every((share) => share.length > 0));
});
