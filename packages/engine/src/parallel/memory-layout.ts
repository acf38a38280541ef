// Where everything lies in the one shared WebAssembly memory, in bytes. Parameters stand in one flat
// order, AdamW's before Muon's; each gradient buffer and the first moments repeat it, second moments exist
// only for AdamW's part. Every tensor starts at a multiple of 16 elements (64 bytes, a cache line), and
// the gaps hold zeros for ever: zero gradients move nothing.
import { HomegrownError } from "@homegrown/contracts";
import type { ParameterSpec, StepProgram } from "../program.ts";
import { movedByMuon } from "./optimizer.ts";
import type { OptimizerOptions } from "./optimizer.ts";

const alignment = 16;
/** Nothing lies at address zero, so that a forgotten pointer shows as garbage early. */
const start = 1024;
const pageBytes = 65_536;
const limitBytes = 2 ** 32;

export interface Placement {
  readonly spec: ParameterSpec;
  /** First element in the flat order. */
  readonly offset: number;
  readonly count: number;
  readonly muon: boolean;
}

/** One worker's private part. */
export interface WorkerArea {
  readonly gradients: number;
  /** int32 [numRows] each. */
  readonly ids: number;
  readonly targets: number;
  /** One float32 [numRows, width] for each entry of the program's `scattered`. */
  readonly scattered: readonly number[];
}

export interface MemoryLayout {
  readonly placements: readonly Placement[];
  /** Elements of the flat order, and of its AdamW part, which comes first. */
  readonly count: number;
  readonly adamCount: number;
  readonly parameters: number;
  readonly firstMoments: number;
  readonly secondMoments: number;
  /** Bytes from one worker's gradient buffer to the next one's. */
  readonly gradientStride: number;
  readonly workers: readonly WorkerArea[];
  readonly bytes: number;
  readonly pages: number;
}

/** Throws `engine/too-large` when it would not fit the 4 GiB that one WebAssembly memory can have. */
export function planMemory(
  program: StepProgram,
  kind: OptimizerOptions["kind"],
  numWorkers: number,
): MemoryLayout {
  const ordered = [
    ...program.parameters.filter((spec) => !movedByMuon(spec, kind)),
    ...program.parameters.filter((spec) => movedByMuon(spec, kind)),
  ];
  let count = 0;
  let adamCount = 0;
  const placements = ordered.map((spec): Placement => {
    const elements = spec.shape.reduce((a, b) => a * b, 1);
    const muon = movedByMuon(spec, kind);
    const placement = { spec, offset: count, count: elements, muon };
    count += align(elements);
    if (!muon) adamCount = count;
    return placement;
  });
  let end = start;
  const take = (elements: number): number => {
    const at = end;
    end += 4 * align(elements);
    return at;
  };
  const parameters = take(count);
  const firstMoments = take(count);
  const secondMoments = take(adamCount);
  const gradients = Array.from({ length: numWorkers }, () => take(count));
  const workers = gradients.map((at): WorkerArea => ({
    gradients: at,
    ids: take(program.numRows),
    targets: take(program.numRows),
    scattered: program.scattered.map(({ width }) => take(program.numRows * width)),
  }));
  if (end > limitBytes) throw tooLarge(end, count, numWorkers);
  return {
    placements,
    count,
    adamCount,
    parameters,
    firstMoments,
    secondMoments,
    gradientStride: 4 * align(count),
    workers,
    bytes: end,
    pages: Math.ceil(end / pageBytes),
  };
}

/** A view of one tensor that starts at byte `at`. */
export function viewFloats(memory: WebAssembly.Memory, at: number, count: number): Float32Array {
  return new Float32Array(memory.buffer, at, count);
}

/** Part `index` of `parts` of `count` elements, cut at cache lines: [from, to). */
export function sliceOf(count: number, index: number, parts: number): readonly [from: number, to: number] {
  const lines = Math.ceil(count / alignment);
  const cut = (k: number): number => Math.floor((lines * k) / parts) * alignment;
  return [cut(index), cut(index + 1)];
}

function align(elements: number): number {
  return Math.ceil(elements / alignment) * alignment;
}

function tooLarge(bytes: number, parameters: number, numWorkers: number): HomegrownError {
  return new HomegrownError({
    code: "engine/too-large",
    kind: "too-large",
    message:
      `training ${Math.round(parameters / 1e6)}M parameters with ${numWorkers} workers needs ` +
      `${(bytes / 2 ** 30).toFixed(1)} GiB of shared memory; one WebAssembly memory ends at 4 GiB`,
    hint: "Use fewer workers or a smaller model, or run the same manifest on a cluster.",
    details: { bytes, limitBytes, parameters, numWorkers },
  });
}
