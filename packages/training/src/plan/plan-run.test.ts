import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { runManifestSchema } from "@homegrown/contracts";
import type { RunManifest } from "@homegrown/contracts";
import { createTinyHome, tinyModel } from "../tiny-home.ts";
import type { TinyHome } from "../tiny-home.ts";
import { planRun } from "./plan-run.ts";
import type { PlanOptions } from "./plan-run.ts";

let tiny: TinyHome;
before(async () => {
  tiny = await createTinyHome();
});
after(() => tiny.remove());

const plan = (overrides: Partial<PlanOptions>): Promise<RunManifest> =>
  planRun({
    home: tiny.home,
    id: "planned",
    kind: "pretrain",
    model: tinyModel,
    datasetFolder: tiny.datasetFolder,
    code: { commit: "test", dirty: false },
    ...overrides,
  });

test("a plan by steps is complete, valid and pins its data", async () => {
  const manifest = await plan({ totalSteps: 100, numWorkers: 2 });
  assert.deepEqual(runManifestSchema.parse(manifest), manifest);
  assert.deepEqual(manifest.dataset, tiny.manifest.dataset);
  const { sequenceLength, sequencesPerStep, microBatchSequences } = manifest.batch;
  assert.equal(sequenceLength, 16, "the model's positions bound it");
  assert.equal(sequencesPerStep * sequenceLength, 4096);
  assert.equal(sequencesPerStep % (2 * microBatchSequences), 0);
  assert.deepEqual(manifest.schedule, { warmupSteps: 2, decaySteps: 40, finalFraction: 0 });
  assert.deepEqual([manifest.evaluation.everySteps, manifest.checkpoints.everySteps], [5, 17]);
  assert.equal(manifest.budget, undefined);
});

test("every number of processors gets a plan, with what the caller asked of the batch", async () => {
  const batches: NonNullable<PlanOptions["batch"]>[] = [
    {},
    { sequencesPerStep: 16 },
    { sequencesPerStep: 8 },
    { microBatchSequences: 3 },
  ];
  for (const processors of [1, 2, 3, 4, 5, 6, 7, 8, 12]) {
    for (const batch of batches) {
      const { numWorkers, batch: planned } = await plan({ totalSteps: 5, processors, batch });
      const { sequencesPerStep, microBatchSequences } = planned;
      assert.ok(numWorkers <= Math.min(8, processors), `${numWorkers} workers on ${processors} processors`);
      assert.equal(sequencesPerStep % (numWorkers * microBatchSequences), 0);
      assert.deepEqual({ ...planned, ...batch }, planned);
    }
    const { numWorkers } = await plan({ totalSteps: 5, processors, batch: { sequencesPerStep: 16 } });
    assert.equal(
      numWorkers,
      [8, 4, 2, 1].find((most) => most <= processors),
    );
  }
});

test("a plan by minutes measures once and stores what it measured", async () => {
  const batch = { sequencesPerStep: 2, microBatchSequences: 1 };
  const manifest = await plan({ minutes: 1, numWorkers: 2, batch, measureSeconds: 0.2 });
  const { minutes, measuredTokensPerSecond } = manifest.budget!;
  assert.equal(minutes, 1);
  const seconds = (manifest.totalSteps * 32) / measuredTokensPerSecond;
  assert.ok(seconds > 30 && seconds <= 60, `${seconds} s of steps planned for one minute`);
});

test("epochs count the training tokens once each", async () => {
  const one = await plan({ epochs: 1, numWorkers: 1, batch: { sequencesPerStep: 8 } });
  const three = await plan({ epochs: 3, numWorkers: 1, batch: { sequencesPerStep: 8 } });
  assert.ok(Math.abs(three.totalSteps - 3 * one.totalSteps) <= 2);
  assert.ok(one.totalSteps > 10);
});

test("what the caller chose stays", async () => {
  const manifest = await plan({
    totalSteps: 10,
    numWorkers: 1,
    optimizer: { kind: "adamw", learningRate: 0.5 },
    evaluation: { everySteps: 3, numSequences: 2 },
    checkpoints: { everySteps: 7 },
    schedule: { decayFraction: 0 },
  });
  assert.deepEqual([manifest.optimizer.kind, manifest.optimizer.learningRate], ["adamw", 0.5]);
  assert.deepEqual(manifest.evaluation, { everySteps: 3, numSequences: 2 });
  assert.deepEqual(manifest.checkpoints, { everySteps: 7, keepLast: 2 });
  assert.equal(manifest.schedule.decaySteps, 0);
});

test("an impossible plan says why", async () => {
  const refused: [Partial<PlanOptions>, RegExp][] = [
    [{}, /exactly one way/],
    [{ totalSteps: 5, minutes: 1 }, /exactly one way/],
    [{ minutes: -1 }, /minutes is -1/],
    [{ totalSteps: 5, batch: { sequenceLength: 17 } }, /17 tokens do not fit a model of 16/],
    [{ totalSteps: 5, numWorkers: 2, batch: { sequencesPerStep: 3 } }, /3 sequences a step do not share out/],
    [
      { totalSteps: 5, numWorkers: 2, batch: { sequencesPerStep: 4, microBatchSequences: 3 } },
      /micro-batches of 3/,
    ],
    [{ totalSteps: 5, datasetFolder: join(tiny.home, "nothing") }, /there is no dataset/],
    [{ totalSteps: 5, initialModel: { folder: join(tiny.home, "nothing") } }, /there is no model/],
  ];
  for (const [options, message] of refused) {
    await assert.rejects(plan(options), { code: "training/bad-plan", message });
  }
  const outside = join(tiny.home, "..", `outside-${process.pid}`);
  await assert.rejects(plan({ totalSteps: 5, home: outside }), {
    code: "training/bad-plan",
    message: /lies outside the home/,
  });
  const damaged = join(tiny.home, "damaged");
  await mkdir(damaged);
  await writeFile(join(damaged, "dataset.json"), "{");
  await assert.rejects(plan({ totalSteps: 5, datasetFolder: damaged }), { code: "training/bad-plan" });
});
