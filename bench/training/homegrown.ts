// Contender: this project. Arguments: SHAPE CORPUS [microBatchSequences]. The whole optimizer step through the
// stepper that training uses.
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { createStepper } from "@homegrown/engine";
import { buildTrainingProgram, initializeParameter } from "@homegrown/models";
import { serveMeasurements } from "./contender.ts";
import { CLIP_NORM, OPTIMIZER, SHAPES, batchesOf, splitBatch } from "./shapes.ts";

const [name, corpus, microBatch] = process.argv.slice(2);
const shape = SHAPES[name!]!;
const split = splitBatch(
  shape,
  availableParallelism(),
  microBatch === undefined ? undefined : Number(microBatch),
);
const { learningRate, ...adamw } = OPTIMIZER;
const stepper = await createStepper({
  program: buildTrainingProgram(shape.config, {
    microBatchSequences: split.microBatchSequences,
    sequenceLength: shape.sequenceLength,
    accumulate: split.microBatches > 1,
  }),
  numWorkers: split.numWorkers,
  microBatches: split.microBatches,
  optimizer: { kind: "adamw", ...adamw },
  initial: (spec) => initializeParameter(spec, 1),
});

let stepNumber = 0;
/** Other text at each step, as in training; making the ids is not timed on either side. */
const nextBatch = batchesOf(corpus!, shape);

const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json") as { version: string };
await serveMeasurements(`Homegrown on ONNX Runtime ${version}`, async (steps) => {
  const batches = Array.from({ length: steps }, nextBatch);
  let loss = 0;
  const start = performance.now();
  for (const batch of batches) {
    stepNumber++;
    const learningRates = { base: learningRate };
    ({ loss } = await stepper.step({ ...batch, learningRates, stepNumber, clipNorm: CLIP_NORM }));
  }
  return { seconds: (performance.now() - start) / 1000, loss };
});
await stepper.close();
