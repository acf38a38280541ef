// What the child that crash.test.ts kills writes, and what may be found afterwards. Test material.
import { join } from "node:path";
import { KeptSamples } from "../run/kept-samples.ts";
import { SkippedBatches } from "../run/skipped-batches.ts";
import { CheckpointStore } from "./checkpoint-store.ts";
import type { TrainedTensors } from "./checkpoint-store.ts";

const manifestSha256 = "a".repeat(64);
export const keepLast = 2;

export function openScene(root: string): {
  store: CheckpointStore;
  skips: Promise<SkippedBatches>;
  samples: Promise<KeptSamples>;
} {
  return {
    store: new CheckpointStore(join(root, "checkpoints"), manifestSha256),
    skips: SkippedBatches.open(join(root, "skips.json")),
    samples: KeptSamples.open(join(root, "samples.json")),
  };
}

export const metricsAt = (step: number): string => `{"step":${step}}\n`;

/** Values that name their step. */
export function tensorsAt(step: number): TrainedTensors {
  return {
    parameters: new Map([["weight", Float32Array.from({ length: 100 }, (_, i) => step + i / 128)]]),
    optimizerState: new Map([["momentum/weight", Float32Array.from({ length: 100 }, (_, i) => i - step)]]),
  };
}

/** A checkpoint as the loop writes one: saved, then the old ones removed. */
export async function saveAt(store: CheckpointStore, step: number): Promise<void> {
  const state = { step, tokens: 64 * step, seconds: 1, recentLosses: [step], heldOutLoss: null };
  await store.save({ ...state, heldOutMeasuredHere: false }, tensorsAt(step), metricsAt(step));
  await store.prune(keepLast);
}

export const skipOf = (batch: number): Parameters<SkippedBatches["add"]>[0] => ({
  batch,
  step: batch,
  loss: 9,
  gradientNorm: 1,
});

export const sampleOf = (step: number): Parameters<KeptSamples["add"]>[0] => ({
  step,
  prompt: { ids: [1, 2], maxTokens: 2, stopIds: [] },
  ids: [step, step],
});
