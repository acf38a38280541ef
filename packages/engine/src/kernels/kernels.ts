// The optimizer's and the gradients' inner loops, as WebAssembly SIMD over the stepper's shared memory.
// Their mathematics stands in assembly/kernels.ts; this file only types and loads them.
import { readFileSync } from "node:fs";

/**
 * Pointers are byte offsets into the memory given to {@link loadKernels}, counts are float32 elements
 * and multiples of 4. Nothing is checked: a wrong pointer overwrites a neighbour.
 */
export interface Kernels {
  /** Σ x² in float64: finite exactly when every element is finite. */
  sumSquares(x: number, count: number): number;
  /** Adds `buffers` gradient buffers, `stride` bytes apart, into the first, in order; zeroes the others; Σ g². */
  reduceGradients(gradient: number, stride: number, buffers: number, count: number): number;
  /** AdamW with the bias corrections folded into `step` and `epsilon`; zeroes the gradient. */
  adamw(
    parameters: number,
    gradient: number,
    firstMoment: number,
    secondMoment: number,
    count: number,
    beta1: number,
    firstGain: number,
    beta2: number,
    secondGain: number,
    step: number,
    epsilon: number,
    decay: number,
  ): void;
  /** m ← μm + k·g, then g ← μm + k·g in place; returns Σ g². */
  nesterov(gradient: number, momentumBuffer: number, count: number, momentum: number, gain: number): number;
  /** p ← decay·p − step·x. */
  applyUpdate(parameters: number, update: number, count: number, step: number, decay: number): void;
  /** y ← y + factor·x. */
  addScaled(y: number, x: number, count: number, factor: number): void;
  zero(x: number, count: number): void;
  /** table[ids[r]] += rows[r], r ascending; ids are int32 and must lie inside the table. */
  scatterAddRows(table: number, rows: number, ids: number, numRows: number, width: number): void;
}

let compiled: WebAssembly.Module | undefined;

/** The kernels bound to a shared memory. Cheap to call in every worker: the module is 1.5 KB. */
export function loadKernels(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("./kernels.wasm", import.meta.url)));
  // The committed module's exports are these functions: build.test.ts compares its bytes with the source.
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
}
