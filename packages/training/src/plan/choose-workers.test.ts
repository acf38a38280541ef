import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { resolveModelConfig } from "@homegrown/models";
import { createTrainer } from "../run/trainer.ts";
import { createTinyHome, tinyModel } from "../tiny-home.ts";
import type { TinyHome } from "../tiny-home.ts";
import { chooseNumWorkers, sharedMemoryBytes } from "./choose-workers.ts";

let tiny: TinyHome;
before(async () => {
  tiny = await createTinyHome();
});
after(() => tiny.remove());

const small = { model: tinyModel, optimizer: "muon", sequenceLength: 16 } as const;
const machines = [1, 2, 3, 4, 5, 6, 7, 8, 12];
const onEach = (demand: Parameters<typeof chooseNumWorkers>[0]): number[] =>
  machines.map((processors) => chooseNumWorkers(demand, processors));

test("as many workers as processors, eight at most, that share out a step's sequences", () => {
  assert.deepEqual(onEach(small), [1, 2, 3, 4, 5, 6, 7, 8, 8]);
  assert.deepEqual(onEach({ ...small, sequencesPerStep: 16 }), [1, 2, 2, 4, 4, 4, 4, 8, 8]);
  assert.deepEqual(onEach({ ...small, sequencesPerStep: 12 }), [1, 2, 3, 4, 4, 6, 6, 6, 6]);
  assert.deepEqual(onEach({ ...small, sequencesPerStep: 7 }), [1, 1, 1, 1, 1, 1, 7, 7, 7]);
  const inFours = { ...small, sequencesPerStep: 16, microBatchSequences: 4 };
  assert.deepEqual(onEach(inFours), [1, 2, 2, 4, 4, 4, 4, 4, 4]);
});

const most = (size: string, optimizer: "adamw" | "muon"): number => {
  const model = resolveModelConfig(size, 16_384, 512);
  return chooseNumWorkers({ model, optimizer, sequenceLength: 512 }, 12);
};

test("a large model gets as many workers as one WebAssembly memory holds gradients for", () => {
  assert.deepEqual([most("base", "adamw"), most("large", "adamw"), most("large", "muon")], [8, 8, 8]);
  assert.deepEqual([most("xlarge", "adamw"), most("xlarge", "muon")], [2, 3]);
});

test("what the engine lays out is what was counted on", async () => {
  for (const optimizer of ["adamw", "muon"] as const) {
    const manifest = { ...tiny.manifest, optimizer: { ...tiny.manifest.optimizer, kind: optimizer } };
    const { stepper } = await createTrainer(tiny.home, manifest);
    await stepper.close();
    const { sequenceLength, microBatchSequences } = manifest.batch;
    const demand = { model: tinyModel, optimizer, sequenceLength, microBatchSequences };
    const spare = sharedMemoryBytes(demand, manifest.numWorkers) - stepper.memoryBytes;
    assert.ok(spare >= 0 && spare < 1.1e6, `${optimizer}: ${spare} bytes more than the engine takes`);
  }
});
