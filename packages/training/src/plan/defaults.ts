// Defaults for runs of minutes to hours on one machine.
import type { RunManifest } from "@homegrown/contracts";

type Kind = RunManifest["kind"];

/**
 * Muon for the matrices: fewer steps to the same loss at these sizes, for a few per cent of the step's
 * time (docs/log.md). Learning rates are those of a model's own scale; AdamW's carries over widths by each
 * parameter's `learningRateScale`, Muon's by its step length (engine, optimizer.ts).
 */
export const defaultOptimizers: Readonly<Record<Kind, RunManifest["optimizer"]>> = {
  pretrain: {
    kind: "muon",
    learningRate: 6e-3,
    matrixLearningRate: 0.02,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0.05,
    momentum: 0.95,
  },
  sft: {
    kind: "muon",
    learningRate: 1.5e-3,
    matrixLearningRate: 5e-3,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0,
    momentum: 0.95,
  },
};

export interface ScheduleFractions {
  readonly warmupFraction: number;
  readonly decayFraction: number;
  readonly finalFraction: number;
}

export const defaultSchedules: Readonly<Record<Kind, ScheduleFractions>> = {
  pretrain: { warmupFraction: 0.02, decayFraction: 0.4, finalFraction: 0 },
  sft: { warmupFraction: 0.05, decayFraction: 0.5, finalFraction: 0 },
};

export const defaultSpikes: RunManifest["spikes"] = { lossFactor: 2, maxRecoveries: 5 };

/** Evaluations and checkpoints over a whole run. */
export const defaultEvents = { evaluations: 20, checkpoints: 10, heldOutSequences: 32, keepLast: 2 } as const;

/** Tokens of one optimizer step, unless the caller says otherwise. */
export const defaultTokensPerStep = 4096;
export const defaultSequenceLength = 256;
/** Activations of more sequences at once gain little speed for their memory. */
export const defaultMicroBatchSequences = 4;
export const maxDefaultWorkers = 8;
