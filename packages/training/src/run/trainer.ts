// The parts of one run put together: programs for the manifest's shapes, worker threads, first weights.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { HomegrownError } from "@homegrown/contracts";
import type { RunManifest } from "@homegrown/contracts";
import { createStepper } from "@homegrown/engine";
import type { ParameterSpec, Stepper } from "@homegrown/engine";
import {
  buildScoringProgram,
  buildTrainingProgram,
  initializeParameter,
  readHuggingFace,
} from "@homegrown/models";
import { homePaths, sha256File } from "@homegrown/storage";

export interface Trainer {
  readonly stepper: Stepper;
  /** Of one optimizer step, forward and backward. */
  readonly flopsPerStep: number;
  /** Puts first weights and an empty optimizer state back. */
  reset(): Promise<void>;
}

type TrainerManifest = Pick<
  RunManifest,
  "model" | "batch" | "numWorkers" | "optimizer" | "seed" | "initialModel"
>;

/** Throws `training/bad-batch` when the sequences of a step do not share out evenly. */
export async function createTrainer(home: string, manifest: TrainerManifest): Promise<Trainer> {
  const { model, numWorkers, optimizer } = manifest;
  const { sequenceLength, microBatchSequences } = manifest.batch;
  const microBatches = countMicroBatches(manifest);
  const program = buildTrainingProgram(model, {
    microBatchSequences,
    sequenceLength,
    accumulate: microBatches > 1,
  });
  const evaluation = buildScoringProgram(model, {
    sequences: microBatchSequences,
    sequenceLength,
    output: "loss",
  });
  const { kind, beta1, beta2, epsilon, weightDecay, momentum } = optimizer;
  let initial = await openInitial(home, manifest);
  const stepper = await createStepper({
    program,
    evaluation,
    numWorkers,
    microBatches,
    optimizer: { kind, beta1, beta2, epsilon, weightDecay, ...(momentum === undefined ? {} : { momentum }) },
    initial,
  });
  return {
    stepper,
    flopsPerStep: program.cost.flops * microBatches * numWorkers,
    async reset() {
      initial = await openInitial(home, manifest);
      for (const spec of program.parameters) stepper.parameters.get(spec.name)!.set(initial(spec));
      for (const state of stepper.optimizerState.values()) state.fill(0);
    },
  };
}

/** Micro-batches of each worker in one step. */
function countMicroBatches({ batch, numWorkers }: Pick<RunManifest, "batch" | "numWorkers">): number {
  const microBatches = batch.sequencesPerStep / (numWorkers * batch.microBatchSequences);
  if (Number.isInteger(microBatches)) return microBatches;
  throw new HomegrownError({
    code: "training/bad-batch",
    kind: "invalid-input",
    message:
      `${batch.sequencesPerStep} sequences a step do not share out over ${numWorkers} workers ` +
      `with micro-batches of ${batch.microBatchSequences}`,
    hint: "Make sequencesPerStep a multiple of numWorkers · microBatchSequences.",
  });
}

async function openInitial(
  home: string,
  manifest: TrainerManifest,
): Promise<(spec: ParameterSpec) => Float32Array> {
  const { initialModel, seed } = manifest;
  if (initialModel === undefined) return (spec) => initializeParameter(spec, seed);
  const folder = join(homePaths(home).root, initialModel.path);
  const actual = await sha256File(join(folder, "model.safetensors"));
  if (actual !== initialModel.weightsSha256) {
    throw new HomegrownError({
      code: "training/initial-model-changed",
      kind: "corrupt",
      message: `the weights in ${folder} have sha256 ${actual}, the manifest pins ${initialModel.weightsSha256}`,
      hint: "Verify that model version, or plan the run again from the model as it is now.",
    });
  }
  const { parameters } = await readHuggingFace(folder);
  return (spec) => {
    const values = parameters.get(spec.name);
    if (values !== undefined) return values;
    throw new HomegrownError({
      code: "training/initial-model-mismatch",
      kind: "invalid-input",
      message: `the model in ${folder} has no parameter ${spec.name}`,
      hint: "Start from a model of the same architecture and size as the manifest's.",
    });
  };
}

/** The pinned dataset's folder, its manifest checked against the pin. Throws `training/dataset-changed`. */
export async function settleDataset(
  home: string,
  { dataset }: Pick<RunManifest, "dataset">,
): Promise<string> {
  const file = join(homePaths(home).root, dataset.path);
  await readFile(file).catch((cause: unknown) => {
    throw new HomegrownError({
      code: "training/dataset-missing",
      kind: "not-found",
      message: `the run's dataset manifest ${file} cannot be read`,
      hint: "Build the dataset again from the same sources, or restore its folder.",
      cause,
    });
  });
  const actual = await sha256File(file);
  if (actual === dataset.sha256) return join(file, "..");
  throw new HomegrownError({
    code: "training/dataset-changed",
    kind: "corrupt",
    message: `${file} has sha256 ${actual}, the run's manifest pins ${dataset.sha256}`,
    hint: "Restore the dataset that the run was planned with, or plan a new run.",
  });
}
