// The matrix products of a graph and nothing else: the floor under a step's time, for benches. Each product
// keeps its shapes and flags; its operands become graph inputs. Every node has names of its own, so that ONNX
// Runtime can neither merge two nor drop one.
import type { Graph } from "../graph/graph.ts";
import type { Shape } from "../graph/shapes.ts";
import type { EmittedNode } from "./emitter.ts";
import { lower } from "./lower.ts";
import { encodeModel } from "./model.ts";

/** Nodes whose work is a matrix product. */
export const MATRIX_PRODUCTS: ReadonlySet<string> = new Set(["Gemm", "FusedMatMul"]);

export interface MatrixProducts {
  readonly onnx: Uint8Array;
  readonly inputs: readonly { readonly name: string; readonly shape: Shape }[];
  /** `addend` is the input that a running sum would share its buffer with. */
  readonly outputs: readonly { readonly name: string; readonly shape: Shape; readonly addend?: string }[];
}

export function matrixProductsOf(graph: Graph): MatrixProducts {
  const products = lower(graph).emitted.filter(({ op }) => MATRIX_PRODUCTS.has(op));
  const inputs = products.flatMap((node, i) =>
    node.inputs.map(({ shape }, k) => ({ name: operandName(i, k), shape })),
  );
  const outputs = products.map((node, i) => ({
    name: `y${i}`,
    shape: node.outputs[0]!.shape,
    ...(sharesAddend(node) ? { addend: operandName(i, 2) } : {}),
  }));
  const onnx = encodeModel({
    nodes: products.map(({ op, attributes, inputs }, i) => ({
      op,
      attributes,
      inputs: inputs.map((_, k) => operandName(i, k)),
      outputs: [`y${i}`],
    })),
    initializers: [],
    inputs: inputs.map((input) => ({ ...input, dtype: "float32" })),
    outputs: outputs.map(({ name, shape }) => ({ name, shape, dtype: "float32" })),
  });
  return { onnx, inputs, outputs };
}

const operandName = (node: number, operand: number): string => `x${node}_${operand}`;

/** Only what the caller feeds is summed in place. */
function sharesAddend({ inputs }: EmittedNode): boolean {
  return inputs[2]?.name.startsWith("gradient_in:") ?? false;
}
