// Output map and cross-entropy in one op, so that the gradient of the logits is never formed. With hidden
// rows h [R, d], map W [V, d], targets t, row weights w and P = softmax(h·Wᵀ):
//   loss = Σ_r w_r · −ln P[r, t_r]
//   dh   = w ∘ (P·W − W[t])        dW = Pᵀ·(w ∘ h) − scatter(w ∘ h at t)
// The second term of dW is sparse, so it can leave the graph as rows.
import type { Tensor } from "../graph/tensor.ts";
import { filled, mapElements } from "../reference/nd-array.ts";
import type { NdArray } from "../reference/nd-array.ts";
import type { GradientRules, OnnxRules, ReferenceRules, ShapeRules } from "./rules.ts";
import type { NoAttributes } from "./signatures.ts";

export interface LossOps {
  /**
   * hidden [R, d], map [V, d], targets int64 [R], weights [R]. Outputs: loss (scalar); P [R, V] and
   * −ln p(target) [R, 1], kept for the gradient.
   */
  linearCrossEntropy: {
    inputs: readonly [hidden: Tensor, map: Tensor, targets: Tensor, weights: Tensor];
    attributes: NoAttributes;
  };
  /** logits [R, V], targets int64 [R] → ln p(target) [R], exact however small p is. */
  targetLogProbability: { inputs: readonly [logits: Tensor, targets: Tensor]; attributes: NoAttributes };
}

/** Under the logarithm, so that a probability that underflowed costs 69 nats and not infinity. */
const SMALLEST_PROBABILITY = 1e-30;

export const shapes: ShapeRules<LossOps> = {
  linearCrossEntropy: ([hidden, map, targets, weights]) => {
    const rows = hidden.shape[0]!;
    const fits = hidden.shape[1] === map.shape[1] && targets.shape[0] === rows && weights.shape[0] === rows;
    if (!fits || targets.dtype !== "int64")
      return "hidden [R, d], map [V, d], int64 targets [R], weights [R]";
    return [
      { dtype: "float32", shape: [] },
      { dtype: "float32", shape: [rows, map.shape[0]!] },
      { dtype: "float32", shape: [rows, 1] },
    ];
  },
  targetLogProbability: ([logits, targets]) =>
    logits.shape.length === 2 && targets.dtype === "int64" && targets.shape[0] === logits.shape[0]
      ? [{ dtype: "float32", shape: targets.shape }]
      : "logits [R, V] and int64 targets [R]",
};

export const gradients: GradientRules<LossOps> = {
  linearCrossEntropy: (graph, node, dloss) => {
    const { inputs, outputs } = node;
    const [hidden, map, targets, weights] = inputs;
    const [, p, negativeLog] = outputs as readonly [Tensor, Tensor, Tensor];
    const rows = hidden.shape[0]!;
    const scaled = graph.apply("multiply", [weights, dloss], {});
    const w = graph.apply("reshape", [scaled], { shape: [rows, 1] });
    const picked = graph.apply("gatherRows", [map, targets], {});
    const difference = graph.apply("gemm", [p, map, picked], { beta: -1 });
    const weighted = graph.apply("multiply", [hidden, w], {});
    const dense = graph.apply("gemm", [p, weighted], { transposeA: true });
    const sparse = graph.apply("scatterRows", [graph.apply("scale", [weighted], { factor: -1 }), targets], {
      numRows: map.shape[0]!,
    });
    const flat = graph.apply("reshape", [negativeLog], { shape: [rows] });
    return [
      graph.apply("multiply", [difference, w], {}),
      graph.apply("add", [dense, sparse], {}),
      undefined,
      graph.apply("multiply", [flat, dloss], {}),
    ];
  },
  targetLogProbability: { never: "it scores; training uses linearCrossEntropy" },
};

export const onnx: OnnxRules<LossOps> = {
  linearCrossEntropy: (emit, [hidden, map, targets, weights], _, [, p]) => {
    const rows = hidden.shape[0]!;
    const logits = emit.node("Gemm", [hidden, map], p!.shape, { transB: { int: 1 } });
    const softmax = emit.node("Softmax", [logits], p!.shape, { axis: { int: -1 } });
    const column = emit.reshape(targets, [rows, 1]);
    const picked = emit.node("GatherElements", [softmax, column], [rows, 1], { axis: { int: 1 } });
    const clamped = emit.node("Max", [picked, emit.float(SMALLEST_PROBABILITY)], [rows, 1]);
    const negativeLog = emit.node("Neg", [emit.node("Log", [clamped], [rows, 1])], [rows, 1]);
    const row = emit.reshape(weights, [1, rows]);
    const total = emit.node("Gemm", [row, negativeLog], [1, 1]);
    return [emit.reshape(total, []), softmax, negativeLog];
  },
  targetLogProbability: (emit, [logits, targets]) => {
    const rows = logits.shape[0]!;
    const all = emit.node("LogSoftmax", [logits], logits.shape, { axis: { int: -1 } });
    const column = emit.reshape(targets, [rows, 1]);
    const picked = emit.node("GatherElements", [all, column], [rows, 1], { axis: { int: 1 } });
    return [emit.reshape(picked, [rows])];
  },
};

/** ln softmax of each row. */
function logSoftmax(logits: NdArray): NdArray {
  const [rows, width] = logits.shape as [number, number];
  const result = filled(logits.shape, 0);
  for (let i = 0; i < rows; i++) {
    const row = logits.data.subarray(i * width, (i + 1) * width);
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const total = row.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    row.forEach((value, j) => (result.data[i * width + j] = value - largest - Math.log(total)));
  }
  return result;
}

const pick = (x: NdArray, columns: NdArray): NdArray => ({
  shape: columns.shape,
  data: columns.data.map((column, row) => x.data[row * x.shape[1]! + column]!),
});

export const references: ReferenceRules<LossOps> = {
  linearCrossEntropy: ([hidden, map, targets, weights]) => {
    const [rows, d] = hidden.shape as [number, number];
    const width = map.shape[0]!;
    const logits = filled([rows, width], 0);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < width; j++) {
        for (let l = 0; l < d; l++) {
          logits.data[i * width + j]! += hidden.data[i * d + l]! * map.data[j * d + l]!;
        }
      }
    }
    const logP = logSoftmax(logits);
    const negativeLog = mapElements(pick(logP, targets), (value) => -value);
    const loss = negativeLog.data.reduce((total, value, i) => total + value * weights.data[i]!, 0);
    return [filled([], loss), mapElements(logP, Math.exp), { shape: [rows, 1], data: negativeLog.data }];
  },
  targetLogProbability: ([logits, targets]) => [pick(logSoftmax(logits), targets)],
};
