import type { OpAttributes, OpInputs, OpName } from "../ops/signatures.ts";
import type { Shape } from "./shapes.ts";

export type DType = "float32" | "int64";

/** A value that a graph will compute: what it is, not what it holds. Identity is by object. */
export interface Tensor {
  readonly id: number;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** One application of an op. Output 0 carries the gradient; further outputs are kept for gradient rules. */
export interface Node<Op extends OpName = OpName> {
  readonly op: Op;
  readonly inputs: OpInputs<Op>;
  readonly attributes: OpAttributes<Op>;
  readonly outputs: readonly Tensor[];
}
