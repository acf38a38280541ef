// A run that somebody stops with Ctrl+C, and what continuing it must give. Test material.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { train } from "./train.ts";
import type { TrainOptions, TrainingResult } from "./train.ts";

/** Trains until `step` steps are done, then aborts. */
export async function trainUntil(options: TrainOptions, step: number): Promise<TrainingResult> {
  const interrupt = new AbortController();
  return train({
    ...options,
    signal: interrupt.signal,
    onProgress: (event) => {
      options.onProgress?.(event);
      if (event.event === "train-step" && event.done === step) interrupt.abort();
    },
  });
}

/** Equal to the last bit: weights, metrics, losses. */
export async function assertSameEnd(result: TrainingResult, expected: TrainingResult): Promise<void> {
  assert.deepEqual(result.parameters, expected.parameters);
  assert.equal(await readFile(result.metricsFile, "utf8"), await readFile(expected.metricsFile, "utf8"));
  assert.deepEqual([result.finalLoss, result.heldOutLoss], [expected.finalLoss, expected.heldOutLoss]);
}
