// The run's data as batches by number: which tokens batch b holds depends on the manifest alone.
import { HomegrownError } from "@homegrown/contracts";
import type { RunManifest } from "@homegrown/contracts";
import { openDataset } from "@homegrown/data";
import type { Batch } from "@homegrown/engine";

export interface BatchSource {
  /** Batch `number` of training, from 0. */
  training(number: number): Batch;
  /** The held-out sequences, always the same; undefined when there are none or none are wanted. */
  heldOut(): Batch | undefined;
  close(): void;
}

type SourceManifest = Pick<RunManifest, "batch" | "seed" | "evaluation" | "model">;

/** Throws `training/other-vocabulary` when the dataset's ids do not fit the model. */
export async function openBatchSource(folder: string, manifest: SourceManifest): Promise<BatchSource> {
  const { sequenceLength, sequencesPerStep } = manifest.batch;
  const { numSequences } = manifest.evaluation;
  const dataset = await openDataset(folder);
  const { vocabSize } = dataset.manifest.tokenizer;
  if (vocabSize > manifest.model.vocabSize) {
    throw new HomegrownError({
      code: "training/other-vocabulary",
      kind: "invalid-input",
      message: `the dataset's tokenizer has ${vocabSize} tokens, the model ${manifest.model.vocabSize}`,
      hint: "Build the dataset with the model's own tokenizer, or give the model a larger vocabulary.",
    });
  }
  const training = dataset.trainReader({ sequenceLength, sequencesPerStep, seed: manifest.seed });
  let heldOut: Batch | undefined;
  if (numSequences > 0) {
    const options = { sequenceLength, sequencesPerBatch: numSequences, maxSequences: numSequences };
    const reader = dataset.heldOutReader(options);
    const count = reader.numSequences * sequenceLength;
    if (count > 0) {
      const { ids, targets, weights } = reader.batch(0);
      heldOut = {
        ids: ids.subarray(0, count),
        targets: targets.subarray(0, count),
        weights: weights.subarray(0, count),
      };
    }
    reader.close();
  }
  return {
    training: (number) => training.batch(number),
    heldOut: () => heldOut,
    close: () => training.close(),
  };
}
