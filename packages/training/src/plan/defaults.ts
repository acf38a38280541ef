// Defaults for runs of minutes to hours on one machine.
import type { RunManifest } from "@homegrown/contracts";

type Kind = RunManifest["kind"];

type Optimizer = RunManifest["optimizer"];

/**
 * Muon for the matrices: far fewer steps to the same loss at these sizes, for a tenth of the step's time
 * (docs/log.md). AdamW's rate carries over widths by each parameter's `learningRateScale`, Muon's by its
 * step length (engine, optimizer.ts). Beside Muon, AdamW moves only the embeddings, the head and the norms,
 * which bear a rate that would break the matrices.
 */
export function defaultOptimizer(kind: Kind, optimizer: Optimizer["kind"]): Optimizer {
  const common = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: kind === "sft" ? 0 : 0.05 };
  const share = kind === "sft" ? 0.05 : 1;
  if (optimizer === "adamw") return { kind: optimizer, learningRate: 8e-3 * share, ...common };
  const rates = { learningRate: 0.03 * share, matrixLearningRate: 0.02 * share };
  return { kind: optimizer, ...rates, ...common, momentum: 0.95 };
}

export interface ScheduleFractions {
  readonly warmupFraction: number;
  readonly decayFraction: number;
  readonly finalFraction: number;
}

/** AdamW's second moments are noise at first, so its matrices need the longer warm-up. */
export function defaultSchedule(kind: Kind, optimizer: Optimizer["kind"]): ScheduleFractions {
  const warmupFraction = optimizer === "adamw" ? 0.1 : 0.02;
  return { warmupFraction, decayFraction: kind === "sft" ? 0.5 : 0.4, finalFraction: 0 };
}

export const defaultSpikes: RunManifest["spikes"] = { lossFactor: 2, maxRecoveries: 5 };

/** Evaluations and checkpoints over a whole run. */
export const defaultEvents = { evaluations: 20, checkpoints: 6, heldOutSequences: 32, keepLast: 2 } as const;

/** Tokens of one optimizer step, unless the caller says otherwise. */
export const defaultTokensPerStep = 4096;
export const defaultSequenceLength = 256;
/** Activations of more sequences at once gain little speed for their memory. */
export const defaultMicroBatchSequences = 4;
export const maxDefaultWorkers = 8;
