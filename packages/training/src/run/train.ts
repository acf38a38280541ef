// One run from its manifest to its last checkpoint, in `runs/<id>` of a home. One process at a time; what a
// killed process leaves behind is continued exactly.
import type { ProgressListener, RunManifest } from "@homegrown/contracts";
import { acquireLock } from "@homegrown/storage";
import { CheckpointStore } from "../checkpoints/checkpoint-store.ts";
import { openBatchSource } from "./batch-source.ts";
import { KeptSamples } from "./kept-samples.ts";
import { MetricsFile } from "./metrics-file.ts";
import { manifestSha256, readManifest, runFolder, settleManifest } from "./run-folder.ts";
import { createSampler } from "./sampler.ts";
import type { SampleRequest } from "./sampler.ts";
import { SkippedBatches } from "./skipped-batches.ts";
import { createTrainer, settleDataset } from "./trainer.ts";
import { runTrainingLoop } from "./training-loop.ts";

export interface TrainOptions {
  readonly home: string;
  readonly manifest: RunManifest;
  /** When it aborts, the step under way is finished, a checkpoint written, and `interrupted` returned. */
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
  /** Made at the steps it names; those that an earlier process made are reported again, not made again. */
  readonly samples?: SampleRequest;
}

export interface TrainingResult {
  readonly status: "completed" | "interrupted";
  /** By Hugging Face name: the model after the last step. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** Done so far. */
  readonly steps: number;
  /** Mean training loss of the last steps (32 at most), nats per token; NaN before the first. */
  readonly finalLoss: number;
  /** Of the last evaluation, nats per token; undefined without held-out sequences. */
  readonly heldOutLoss: number | undefined;
  readonly tokens: number;
  /** Spent in steps and evaluations, over all resumed parts. */
  readonly seconds: number;
  readonly tokensPerSecond: number;
  /** Of all steps, forward and backward. */
  readonly flops: number;
  /** Highest resident size of this process between steps. */
  readonly peakMemoryBytes: number;
  /** `metrics.jsonl`: one line for each step and held-out evaluation. */
  readonly metricsFile: string;
  readonly runFolder: string;
}

/**
 * Runs a manifest to its end, continuing from the newest good checkpoint when there is one; a finished run
 * returns its result at once. Throws `storage/locked` while another process works on the run,
 * `training/manifest-changed`, `training/dataset-changed`, `training/diverged`,
 * `training/no-good-checkpoint`, `training/samples-unreadable`, and what the engine throws.
 */
export async function train(options: TrainOptions): Promise<TrainingResult> {
  const { home, manifest, signal } = options;
  const report = options.onProgress ?? ((): void => {});
  const folder = runFolder(home, manifest.id);
  const lock = await acquireLock(folder.lock, `training run ${manifest.id}`);
  try {
    await settleManifest(folder, manifest);
    const dataset = await settleDataset(home, manifest);
    const checkpoints = new CheckpointStore(folder.checkpoints, manifestSha256(manifest));
    await checkpoints.sweep();
    const kept = await KeptSamples.open(folder.samples);
    const batches = await openBatchSource(dataset, manifest);
    const trainer = await createTrainer(home, manifest);
    try {
      const { stepper, flopsPerStep } = trainer;
      const { status, state } = await runTrainingLoop({
        manifest,
        trainer,
        batches,
        checkpoints,
        skips: await SkippedBatches.open(folder.skips),
        metrics: new MetricsFile(folder.metrics),
        sampler: createSampler(options.samples, { manifest, parameters: stepper.parameters, kept, report }),
        signal,
        report,
      });
      const { recentLosses, heldOutLoss, step, tokens, seconds, peakMemoryBytes } = state;
      return {
        status,
        // Copies: views would keep optimizer state and gradients in memory as long as the result lives.
        parameters: new Map([...stepper.parameters].map(([name, view]) => [name, Float32Array.from(view)])),
        steps: step,
        finalLoss: recentLosses.reduce((a, b) => a + b, 0) / recentLosses.length,
        heldOutLoss: heldOutLoss ?? undefined,
        tokens,
        seconds,
        tokensPerSecond: seconds === 0 ? 0 : tokens / seconds,
        flops: flopsPerStep * step,
        peakMemoryBytes,
        metricsFile: folder.metrics,
        runFolder: folder.root,
      };
    } finally {
      await trainer.stepper.close();
      batches.close();
    }
  } finally {
    await lock.release();
  }
}

/** `train` with the manifest that the run's folder holds. Throws `training/unknown-run` too. */
export async function resume(
  options: Omit<TrainOptions, "manifest"> & { readonly runId: string },
): Promise<TrainingResult> {
  const { runId, ...rest } = options;
  return train({ ...rest, manifest: await readManifest(options.home, runId) });
}
