// What the main thread and the step workers say to each other. Big data never travel: they lie in shared
// memory, and the messages only say what to do with them.
import type { ErrorRecord } from "@homegrown/contracts";
import type { ScoreProgram, StepProgram } from "../program.ts";
import type { MemoryLayout } from "./memory-layout.ts";
import type { LearningRates, OptimizerOptions } from "./optimizer.ts";

/** Sequence-major: token t of sequence s lies at s · sequenceLength + t. */
export interface SharedBatch {
  readonly ids: Int32Array<SharedArrayBuffer>;
  readonly targets: Int32Array<SharedArrayBuffer>;
  readonly weights: Float32Array<SharedArrayBuffer>;
}

/** Shared by all workers of a stepper; the numbers are read after a barrier. */
export interface SharedControl {
  readonly barrier: Int32Array<SharedArrayBuffer>;
  /** One for each worker. */
  readonly losses: Float64Array<SharedArrayBuffer>;
  readonly squares: Float64Array<SharedArrayBuffer>;
}

export interface WorkerSetup {
  readonly index: number;
  readonly numWorkers: number;
  readonly microBatches: number;
  readonly program: StepProgram;
  readonly evaluation?: ScoreProgram;
  readonly optimizer: OptimizerOptions;
  readonly layout: MemoryLayout;
  readonly memory: WebAssembly.Memory;
  readonly control: SharedControl;
  readonly batch: SharedBatch;
}

export interface StepCommand {
  readonly kind: "step";
  readonly stepNumber: number;
  readonly learningRates: LearningRates;
  readonly clipNorm: number;
  readonly lossLimit: number;
  readonly gradientNormLimit: number;
  /** Σ of the step's weights: each is divided by it. */
  readonly totalWeight: number;
}

export interface EvaluateCommand {
  readonly kind: "evaluate";
  readonly batch: SharedBatch;
  readonly numSequences: number;
}

/** Gives the sessions' memory back and ends the thread; there is no reply. */
export interface CloseCommand {
  readonly kind: "close";
}

export type WorkerCommand = StepCommand | EvaluateCommand | CloseCommand;

export interface StepOutcome {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly applied: boolean;
}

/** `chunks`: [number of the chunk of sequences, its summed loss]. */
export type WorkerReply =
  | { readonly kind: "ready" }
  | { readonly kind: "step-done"; readonly outcome: StepOutcome }
  | { readonly kind: "evaluate-done"; readonly chunks: readonly (readonly [number, number])[] }
  | { readonly kind: "failed"; readonly error: ErrorRecord; readonly secondary: boolean };
