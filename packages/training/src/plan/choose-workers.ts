// How many workers a run gets when nobody says: one for each processor, or the most below that for which a
// step's sequences share out evenly and everything that workers share fits one WebAssembly memory.
import type { DecoderConfig, RunManifest } from "@homegrown/contracts";
import { trainingMemoryBytes } from "@homegrown/models";
import { defaultMicroBatchSequences, maxDefaultWorkers } from "./defaults.ts";

/** What one WebAssembly memory can have. */
const memoryLimitBytes = 2 ** 32;
/** Tensors begin at cache lines: a few bytes lost at each. */
const alignmentReserveBytes = 1 << 20;

export interface WorkerDemand {
  readonly model: DecoderConfig;
  readonly optimizer: RunManifest["optimizer"]["kind"];
  readonly sequenceLength: number;
  /** Absent: the planner may choose a number that shares out. */
  readonly sequencesPerStep?: number | undefined;
  readonly microBatchSequences?: number | undefined;
}

/** Between 1 and the number of processors; 1 also when nothing fits, which the engine then refuses. */
export function chooseNumWorkers(demand: WorkerDemand, processors: number): number {
  const { sequencesPerStep, microBatchSequences = 1 } = demand;
  for (let numWorkers = Math.min(processors, maxDefaultWorkers); numWorkers > 1; numWorkers--) {
    const sharesOut =
      sequencesPerStep === undefined || sequencesPerStep % (numWorkers * microBatchSequences) === 0;
    if (sharesOut && sharedMemoryBytes(demand, numWorkers) <= memoryLimitBytes) return numWorkers;
  }
  return 1;
}

/** At least what the engine will lay out: the trained tensors, and each worker's ids and sparse gradients. */
export function sharedMemoryBytes(demand: WorkerDemand, numWorkers: number): number {
  const { model, optimizer, sequenceLength, microBatchSequences = defaultMicroBatchSequences } = demand;
  const rows = microBatchSequences * sequenceLength;
  // Rows of the embedding's and of the head's gradient, and two ids of each row.
  const rowBytes = 4 * rows * (2 * model.hiddenSize + 2);
  return trainingMemoryBytes(model, numWorkers, optimizer) + numWorkers * rowBytes + alignmentReserveBytes;
}
