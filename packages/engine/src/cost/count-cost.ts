// Work and memory, counted on the nodes that will really run. A multiply-add is two operations.
import { sizeOf } from "../graph/shapes.ts";
import type { Graph } from "../graph/graph.ts";
import type { EmittedNode } from "../onnx/emitter.ts";
import { lower } from "../onnx/lower.ts";
import type { LoweredGraph } from "../onnx/lower.ts";
import { MATRIX_PRODUCTS } from "../onnx/matrix-products.ts";
import type { Cost } from "../program.ts";

const BYTES = { float32: 4, int64: 8 } as const;

/** Operations for each element of the output (of the input where the output is smaller). */
const PER_ELEMENT: Readonly<Record<string, number>> = {
  Add: 1,
  Sub: 1,
  Mul: 1,
  Neg: 1,
  Max: 1,
  Log: 1,
  ReduceSum: 1,
  ScatterND: 1,
  Sigmoid: 4,
  QuickGelu: 5,
  Softmax: 5,
  LogSoftmax: 5,
  SimplifiedLayerNormalization: 4,
  RotaryEmbedding: 3,
};

export function countCost(graph: Graph): Cost {
  return costOf(graph, lower(graph));
}

/** The same for a graph that is lowered already. */
export function costOf(graph: Graph, { emitted }: LoweredGraph): Cost {
  const views = new Set(["Reshape"]);
  let flops = 0;
  let matmulFlops = 0;
  let activationBytes = 0;
  for (const node of emitted) {
    const count = flopsOf(node);
    flops += count;
    if (MATRIX_PRODUCTS.has(node.op)) matmulFlops += count;
    if (views.has(node.op)) continue;
    for (const { dtype, shape } of node.outputs) activationBytes += sizeOf(shape) * BYTES[dtype];
  }
  const parameterBytes = [...graph.parameters.values()].reduce(
    (total, { tensor }) => total + sizeOf(tensor.shape) * BYTES[tensor.dtype],
    0,
  );
  return { flops, matmulFlops, parameterBytes, activationBytes };
}

function flopsOf({ op, inputs, outputs, attributes }: EmittedNode): number {
  const size = sizeOf(outputs[0]!.shape);
  if (op === "Gemm") {
    const inner = inputs[0]!.shape[isSet(attributes["transA"]) ? 0 : 1]!;
    return size * (2 * inner + (inputs.length > 2 ? 1 : 0));
  }
  if (op === "FusedMatMul") {
    const a = inputs[0]!.shape;
    // [..., m, k]; transposed [..., k, m]; time-major [m, ..., k].
    const inner = isSet(attributes["transA"]) ? a[a.length - 2]! : a[a.length - 1]!;
    return 2 * size * inner;
  }
  return Math.max(size, ...inputs.map(({ shape }) => sizeOf(shape))) * (PER_ELEMENT[op] ?? 0);
}

function isSet(attribute: EmittedNode["attributes"][string] | undefined): boolean {
  return attribute !== undefined && "int" in attribute && attribute.int === 1;
}
