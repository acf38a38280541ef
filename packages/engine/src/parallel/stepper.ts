// Data-parallel training on one machine: N worker threads, each with a one-thread session of the same
// program, over one copy of parameters and optimizer state in shared WebAssembly memory. One step is
// gradients → barrier → reduction and norm → barrier → optimizer. Deterministic for a number of workers:
// who computes what and the order of every sum are fixed.
import { HomegrownError } from "@homegrown/contracts";
import type { ParameterSpec, ScoreProgram, StepProgram } from "../program.ts";
import { barrierLength } from "./barrier.ts";
import { planMemory, viewFloats } from "./memory-layout.ts";
import type { MemoryLayout } from "./memory-layout.ts";
import type { SharedBatch, SharedControl, StepOutcome, WorkerSetup } from "./messages.ts";
import type { LearningRates, OptimizerOptions } from "./optimizer.ts";
import { startWorkerTeam } from "./worker-team.ts";

export interface StepperOptions {
  readonly program: StepProgram;
  /** Output kind `loss`; absent: `evaluate` refuses. */
  readonly evaluation?: ScoreProgram;
  readonly numWorkers: number;
  /** Micro-batches of each worker in one step. */
  readonly microBatches: number;
  readonly optimizer: OptimizerOptions;
  /** First values of a parameter, in its shape. Called once for each. */
  initial(spec: ParameterSpec): Float32Array;
}

/** Sequence-major: token t of sequence s lies at s · sequenceLength + t. */
export interface Batch {
  readonly ids: Int32Array;
  readonly targets: Int32Array;
  /** How much each target counts; absent: all alike. */
  readonly weights?: Float32Array | Uint8Array | undefined;
}

export interface StepRequest extends Batch {
  readonly learningRates: LearningRates;
  /** Counts applied steps from 1; AdamW's bias correction needs it. */
  readonly stepNumber: number;
  /** The gradient is scaled down to this norm when it is longer. */
  readonly clipNorm: number;
  /** Above either the step is not applied; default: no limit but being finite. */
  readonly lossLimit?: number;
  readonly gradientNormLimit?: number;
}

export interface Stepper {
  /** Sequences that one step takes: numWorkers · microBatches · the program's. */
  readonly sequencesPerStep: number;
  /** Views over the shared memory, live: read or write them between steps only. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** AdamW: `first_moment/NAME` and `second_moment/NAME`; Muon: `momentum/NAME`. Live views too. */
  readonly optimizerState: ReadonlyMap<string, Float32Array>;
  /** Bytes of shared memory. */
  readonly memoryBytes: number;
  /**
   * One optimizer step. `loss` is the weighted mean, nats per token, before the step; `gradientNorm` is
   * before clipping. When `applied` is false the loss or the norm was not finite or above its limit, and
   * parameters and state are untouched.
   */
  step(request: StepRequest): Promise<StepOutcome>;
  /** Forward only over any number of sequences: Σ weight · loss in nats, and Σ weight. */
  evaluate(batch: Batch): Promise<{ sumLoss: number; numTokens: number }>;
  close(): Promise<void>;
}

/** Throws `engine/too-large`, `engine/worker-failed`, `engine/bad-batch`, `engine/overwriting-program`. */
export async function createStepper(options: StepperOptions): Promise<Stepper> {
  const { program, evaluation, numWorkers, microBatches, optimizer } = options;
  if (microBatches > 1 && program.accumulated.some(({ input }) => input === undefined)) {
    throw overwrites(microBatches);
  }
  const layout = planMemory(program, optimizer.kind, numWorkers);
  const memory = new WebAssembly.Memory({ initial: layout.pages, maximum: layout.pages, shared: true });
  const parameters = viewParameters(memory, layout);
  for (const { spec, count } of layout.placements) {
    const values = options.initial(spec);
    if (values.length !== count) throw wrongLength(spec.name, values.length, count);
    parameters.get(spec.name)!.set(values);
  }
  const sequencesPerStep = numWorkers * microBatches * program.sequences;
  const batch = createBatch(sequencesPerStep * program.sequenceLength);
  const control: SharedControl = {
    barrier: new Int32Array(new SharedArrayBuffer(4 * barrierLength)),
    losses: new Float64Array(new SharedArrayBuffer(8 * numWorkers)),
    squares: new Float64Array(new SharedArrayBuffer(8 * numWorkers)),
  };
  const common = { numWorkers, microBatches, program, optimizer, layout, memory, control, batch };
  const team = await startWorkerTeam(
    Array.from({ length: numWorkers }, (_, index): WorkerSetup => ({
      ...common,
      index,
      ...(evaluation === undefined ? {} : { evaluation }),
    })),
  );
  return {
    sequencesPerStep,
    parameters,
    optimizerState: viewState(memory, layout),
    memoryBytes: layout.bytes,
    async step({ learningRates, stepNumber, clipNorm, lossLimit, gradientNormLimit, ...given }) {
      const totalWeight = fillBatch(batch, given);
      const replies = await team.ask({
        kind: "step",
        learningRates,
        stepNumber,
        clipNorm,
        lossLimit: lossLimit ?? Number.MAX_VALUE,
        gradientNormLimit: gradientNormLimit ?? Number.MAX_VALUE,
        totalWeight,
      });
      const [first] = replies;
      if (first?.kind !== "step-done") throw new Error(`a step was answered with ${first?.kind}`);
      return first.outcome;
    },
    async evaluate(given) {
      if (evaluation === undefined) throw new Error("createStepper was given no evaluation program");
      const numSequences = given.ids.length / evaluation.sequenceLength;
      if (!Number.isInteger(numSequences))
        throw wrongLength("ids", given.ids.length, evaluation.sequenceLength);
      const shared = createBatch(given.ids.length);
      const numTokens = fillBatch(shared, given);
      const replies = await team.ask({ kind: "evaluate", batch: shared, numSequences });
      const chunks = replies.flatMap((reply) => (reply.kind === "evaluate-done" ? reply.chunks : []));
      const ordered = chunks.toSorted(([a], [b]) => a - b);
      return { sumLoss: ordered.reduce((sum, [, loss]) => sum + loss, 0), numTokens };
    },
    close: () => team.close(),
  };
}

function viewParameters(memory: WebAssembly.Memory, layout: MemoryLayout): Map<string, Float32Array> {
  return new Map(
    layout.placements.map(({ spec, offset, count }) => [
      spec.name,
      viewFloats(memory, layout.parameters + 4 * offset, count),
    ]),
  );
}

function viewState(memory: WebAssembly.Memory, layout: MemoryLayout): Map<string, Float32Array> {
  const state = new Map<string, Float32Array>();
  for (const { spec, offset, count, muon } of layout.placements) {
    const first = viewFloats(memory, layout.firstMoments + 4 * offset, count);
    state.set(`${muon ? "momentum" : "first_moment"}/${spec.name}`, first);
    if (muon) continue;
    state.set(`second_moment/${spec.name}`, viewFloats(memory, layout.secondMoments + 4 * offset, count));
  }
  return state;
}

function createBatch(numTokens: number): SharedBatch {
  return {
    ids: new Int32Array(new SharedArrayBuffer(4 * numTokens)),
    targets: new Int32Array(new SharedArrayBuffer(4 * numTokens)),
    weights: new Float32Array(new SharedArrayBuffer(4 * numTokens)),
  };
}

/** Copies a batch into shared memory; returns the sum of its weights. */
function fillBatch(to: SharedBatch, { ids, targets, weights }: Batch): number {
  if (ids.length !== to.ids.length) throw wrongLength("ids", ids.length, to.ids.length);
  if (targets.length !== ids.length) throw wrongLength("targets", targets.length, ids.length);
  if (weights !== undefined && weights.length !== ids.length) {
    throw wrongLength("weights", weights.length, ids.length);
  }
  to.ids.set(ids);
  to.targets.set(targets);
  if (weights === undefined) to.weights.fill(1);
  else to.weights.set(weights);
  const total = to.weights.reduce((a, b) => a + b, 0);
  if (total > 0) return total;
  throw new HomegrownError({
    code: "engine/empty-batch",
    kind: "invalid-input",
    message: `a batch of ${ids.length} targets has a total weight of ${total}: nothing to learn from`,
    hint: "Check that the data set's rows hold at least one token that counts in the loss.",
  });
}

function overwrites(microBatches: number): HomegrownError {
  return new HomegrownError({
    code: "engine/overwriting-program",
    kind: "invalid-input",
    message:
      `a program that overwrites its gradients serves one micro-batch a step, got ${microBatches}: ` +
      "all but the last would be lost",
    hint: "Build the program with accumulate: true, or take larger micro-batches.",
  });
}

function wrongLength(name: string, got: number, expected: number): HomegrownError {
  return new HomegrownError({
    code: "engine/bad-batch",
    kind: "invalid-input",
    message: `${name} has ${got} elements, expected ${expected}`,
    hint: "Match the batch, or the initial weights, to the program's shapes.",
  });
}
