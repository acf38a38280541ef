// How long a step takes here: a few steps of the very program that will train, on ids that do not matter,
// with weights that are thrown away.
import type { RunManifest } from "@homegrown/contracts";
import { createTrainer } from "../run/trainer.ts";

export interface MeasuredSpeed {
  readonly secondsPerStep: number;
  readonly secondsPerEvaluation: number;
}

/** Medians over `measureSeconds` of steps, three at least. */
export async function measureSpeed(
  home: string,
  manifest: Pick<RunManifest, "model" | "batch" | "numWorkers" | "optimizer" | "evaluation">,
  options: { readonly signal?: AbortSignal | undefined; readonly measureSeconds?: number | undefined } = {},
): Promise<MeasuredSpeed> {
  const { signal, measureSeconds = 4 } = options;
  const { sequenceLength, sequencesPerStep } = manifest.batch;
  const { stepper } = await createTrainer(home, { ...manifest, seed: 0 });
  try {
    const ids = Int32Array.from(
      { length: sequencesPerStep * sequenceLength },
      (_, i) => (i * 7919) % manifest.model.vocabSize,
    );
    const step = async (stepNumber: number): Promise<number> => {
      signal?.throwIfAborted();
      const started = performance.now();
      const learningRates = { base: 1e-6, matrix: 1e-6 };
      await stepper.step({ ids, targets: ids, learningRates, stepNumber, clipNorm: 1 });
      return (performance.now() - started) / 1000;
    };
    await step(1); // The first run of a session allocates.
    const seconds: number[] = [];
    for (let spent = 0; seconds.length < 3 || spent < measureSeconds; spent += seconds.at(-1)!) {
      seconds.push(await step(seconds.length + 2));
    }
    const secondsPerStep = seconds.toSorted((a, b) => a - b)[Math.floor(seconds.length / 2)]!;
    const { numSequences } = manifest.evaluation;
    if (numSequences === 0) return { secondsPerStep, secondsPerEvaluation: 0 };
    const few = ids.subarray(0, Math.min(numSequences, sequencesPerStep) * sequenceLength);
    await stepper.evaluate({ ids: few, targets: few });
    const started = performance.now();
    await stepper.evaluate({ ids: few, targets: few });
    const perSequence = (performance.now() - started) / 1000 / (few.length / sequenceLength);
    return { secondsPerStep, secondsPerEvaluation: perSequence * numSequences };
  } finally {
    await stepper.close();
  }
}
