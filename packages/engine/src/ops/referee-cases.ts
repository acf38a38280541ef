// What the referee test tries for each op, and how closely the answers must agree. The compiler asks for a
// row when an op is added. Shapes are small, odd and unequal, so that a swapped axis cannot hide.
import { Graph } from "../graph/graph.ts";
import { sizeOf } from "../graph/shapes.ts";
import type { Shape } from "../graph/shapes.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { OpAttributes, OpInputs, OpName } from "./signatures.ts";

/** Declares a case's inputs on a graph, each with values drawn from a fixed seed. */
export class CaseBuilder {
  readonly graph: Graph = new Graph();
  readonly feeds: Record<string, Float32Array | BigInt64Array> = {};
  /** The float inputs, which gradients are taken for. */
  readonly differentiable: Tensor[] = [];
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** Uniform in [low, high), a float32 each. */
  floats(shape: Shape, low = -1, high = 1): Tensor {
    const name = `x${this.graph.inputs.size}`;
    this.feeds[name] = Float32Array.from({ length: sizeOf(shape) }, () => low + (high - low) * this.#next());
    const tensor = this.graph.input(name, "float32", shape);
    this.differentiable.push(tensor);
    return tensor;
  }

  /** Row numbers below `limit`; with more rows than numbers, some repeat. */
  rows(count: number, limit: number): Tensor {
    const name = `rows${this.graph.inputs.size}`;
    this.feeds[name] = BigInt64Array.from({ length: count }, () => BigInt(Math.floor(this.#next() * limit)));
    return this.graph.input(name, "int64", [count]);
  }

  /** Lehmer's generator: enough for test values. */
  #next(): number {
    this.#state = (this.#state * 48_271) % 2_147_483_647;
    return this.#state / 2_147_483_647;
  }
}

export interface OpCase<Op extends OpName> {
  readonly inputs: OpInputs<Op>;
  readonly attributes: OpAttributes<Op>;
}

type Cases = { readonly [Op in OpName]: readonly ((build: CaseBuilder) => OpCase<Op>)[] };

const none = {};

export const REFEREE_CASES: Cases = {
  add: [
    (b) => ({ inputs: [b.floats([3, 5]), b.floats([3, 5])], attributes: none }),
    (b) => ({ inputs: [b.floats([2, 3, 5]), b.floats([3, 1])], attributes: none }),
  ],
  subtract: [
    (b) => ({ inputs: [b.floats([3, 5]), b.floats([5])], attributes: none }),
    (b) => ({ inputs: [b.floats([1, 5]), b.floats([3, 1])], attributes: none }),
  ],
  multiply: [
    (b) => ({ inputs: [b.floats([3, 5]), b.floats([3, 1])], attributes: none }),
    (b) => ({ inputs: [b.floats([4]), b.floats([])], attributes: none }),
    (b) => {
      const x = b.floats([2, 3]);
      return { inputs: [x, x], attributes: none };
    },
  ],
  scale: [(b) => ({ inputs: [b.floats([3, 5])], attributes: { factor: -1.7 } })],
  sigmoid: [(b) => ({ inputs: [b.floats([3, 5], -6, 6)], attributes: none })],
  swiglu: [(b) => ({ inputs: [b.floats([3, 7], -5, 5), b.floats([3, 7], -2, 2)], attributes: none })],
  fill: [() => ({ inputs: [], attributes: { value: 1.25, shape: [2, 3] } })],
  gemm: [
    ...[false, true].flatMap((transposeA) =>
      [false, true].map((transposeB) => (b: CaseBuilder): OpCase<"gemm"> => ({
        inputs: [b.floats(transposeA ? [4, 3] : [3, 4]), b.floats(transposeB ? [5, 4] : [4, 5])],
        attributes: { transposeA, transposeB, alpha: 0.5 },
      })),
    ),
    (b) => ({
      inputs: [b.floats([3, 4]), b.floats([5, 4]), b.floats([3, 5])],
      attributes: { transposeB: true, beta: -2 },
    }),
    (b) => ({ inputs: [b.floats([1, 70]), b.floats([70, 33]), b.floats([1, 33])], attributes: none }),
  ],
  reshape: [(b) => ({ inputs: [b.floats([4, 6])], attributes: { shape: [2, 3, 4] } })],
  sum: [
    (b) => ({ inputs: [b.floats([3, 4, 5])], attributes: { axes: [0, 2] } }),
    (b) => ({ inputs: [b.floats([3, 4])], attributes: { axes: [0, 1] } }),
  ],
  rmsNorm: [
    (b) => ({ inputs: [b.floats([5, 8]), b.floats([8], 0.5, 1.5)], attributes: { epsilon: 1e-6 } }),
    (b) => ({ inputs: [b.floats([3, 4], -1e-3, 1e-3), b.floats([4])], attributes: { epsilon: 1e-5 } }),
  ],
  rotary: [
    (b) => ({ inputs: [b.floats([6, 8])], attributes: { sequences: 2, headDim: 4, theta: 10_000 } }),
    (b) => ({
      inputs: [b.floats([5, 6])],
      attributes: { sequences: 1, headDim: 6, theta: 1e6, inverse: true },
    }),
  ],
  causalAttention: [
    // One block; several blocks with a short last one; grouped queries; a single sequence.
    (b) => attention(b, { time: 5, sequences: 2, heads: 3, keyValueHeads: 3, blockSize: 8 }),
    (b) => attention(b, { time: 7, sequences: 2, heads: 2, keyValueHeads: 2, blockSize: 3 }),
    (b) => attention(b, { time: 5, sequences: 1, heads: 6, keyValueHeads: 2, blockSize: 2 }),
  ],
  causalAttentionGradient: [
    (b) => attentionGradient(b, { time: 7, sequences: 2, heads: 2, keyValueHeads: 2, blockSize: 3 }),
    (b) => attentionGradient(b, { time: 5, sequences: 1, heads: 6, keyValueHeads: 2, blockSize: 2 }),
  ],
  gatherRows: [(b) => ({ inputs: [b.floats([4, 3]), b.rows(6, 4)], attributes: none })],
  scatterRows: [(b) => ({ inputs: [b.floats([6, 3]), b.rows(6, 4)], attributes: { numRows: 4 } })],
  linearCrossEntropy: [
    (b) => ({
      inputs: [b.floats([5, 4], -2, 2), b.floats([7, 4], -2, 2), b.rows(5, 7), b.floats([5], 0, 0.4)],
      attributes: none,
    }),
  ],
  targetLogProbability: [
    (b) => ({ inputs: [b.floats([5, 7], -3, 3), b.rows(5, 7)], attributes: none }),
    // A token of probability e^-190, which no float32 probability can hold.
    (b) => ({ inputs: [b.floats([4, 3], -100, 100), b.rows(4, 3)], attributes: none }),
  ],
};

interface AttentionCase {
  readonly time: number;
  readonly sequences: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly blockSize: number;
}

function attention(
  b: CaseBuilder,
  { time, sequences, heads, keyValueHeads, blockSize }: AttentionCase,
): OpCase<"causalAttention"> {
  const headDim = 4;
  const rows = time * sequences;
  const keyShape = [rows, keyValueHeads * headDim];
  return {
    inputs: [b.floats([rows, heads * headDim], -2, 2), b.floats(keyShape, -2, 2), b.floats(keyShape, -2, 2)],
    attributes: { sequences, headDim, blockSize },
  };
}

function attentionGradient(b: CaseBuilder, sizes: AttentionCase): OpCase<"causalAttentionGradient"> {
  const { inputs, attributes } = attention(b, sizes);
  const [o, ...probabilities] = b.graph.applyAll("causalAttention", inputs, attributes);
  return { inputs: [b.floats(inputs[0].shape), ...inputs, o, ...probabilities], attributes };
}

/**
 * Largest allowed |got − expected| / (1 + |expected|). `forward`: ONNX Runtime (float32) against float64;
 * `gradient`: the same for the gradient; `differences`: float64 gradient against central differences.
 */
interface Tolerance {
  readonly forward: number;
  readonly gradient: number;
  readonly differences: number;
}

const EXACT: Tolerance = { forward: 0, gradient: 1e-7, differences: 1e-8 };
const ROUNDING: Tolerance = { forward: 3e-7, gradient: 1e-6, differences: 1e-8 };
const COMPOSITE: Tolerance = { forward: 1e-6, gradient: 3e-6, differences: 1e-7 };

export const TOLERANCES: { readonly [Op in OpName]: Tolerance } = {
  add: ROUNDING,
  subtract: ROUNDING,
  multiply: ROUNDING,
  scale: ROUNDING,
  sigmoid: ROUNDING,
  swiglu: COMPOSITE,
  fill: EXACT,
  gemm: ROUNDING,
  reshape: EXACT,
  sum: ROUNDING,
  // Rows of values near 1e-3 have gradients near 1e3, and differences of 1e-5 are coarse there.
  rmsNorm: { forward: 1e-6, gradient: 5e-6, differences: 1e-4 },
  rotary: ROUNDING,
  causalAttention: COMPOSITE,
  causalAttentionGradient: COMPOSITE,
  gatherRows: EXACT,
  scatterRows: ROUNDING,
  linearCrossEntropy: COMPOSITE,
  targetLogProbability: COMPOSITE,
};
