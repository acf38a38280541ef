// The four kinds of row that every op has. A family file holds the four tables of its ops; `tables.ts` joins
// them. `Family` is the part of a table that one family must fill.
import type { Graph } from "../graph/graph.ts";
import type { Node, Tensor, TensorType } from "../graph/tensor.ts";
import type { OnnxEmitter, OnnxValue } from "../onnx/emitter.ts";
import type { NdArray } from "../reference/nd-array.ts";
import type { OpAttributes, OpInputs, OpName } from "./signatures.ts";

/** A tuple as long as `Inputs`, of another type. */
type Each<Inputs extends readonly Tensor[], Value> = { readonly [I in keyof Inputs]: Value };

/** Types of the outputs, or what was expected of the inputs when they do not fit. */
export type ShapeRule<Op extends OpName> = (
  inputs: OpInputs<Op>,
  attributes: OpAttributes<Op>,
) => readonly [TensorType, ...TensorType[]] | string;

/**
 * Given dL/d(output 0), builds dL/d(input) for each input, in order; undefined where an input is an index.
 * `never` marks an op that only gradient rules or scoring use, and says why it has no gradient of its own.
 */
export type GradientRule<Op extends OpName> =
  | ((graph: Graph, node: Node<Op>, gradient: Tensor) => readonly (Tensor | undefined)[])
  | { readonly never: string };

/** Emits ONNX nodes and returns the values that stand for the op's outputs. */
export type OnnxRule<Op extends OpName> = (
  emit: OnnxEmitter,
  inputs: Each<OpInputs<Op>, OnnxValue>,
  attributes: OpAttributes<Op>,
  outputs: readonly TensorType[],
) => readonly OnnxValue[];

/** Computes the outputs in float64, as plainly as possible: no trick that the lowering uses. */
export type ReferenceRule<Op extends OpName> = (
  inputs: Each<OpInputs<Op>, NdArray>,
  attributes: OpAttributes<Op>,
  outputs: readonly TensorType[],
) => readonly NdArray[];

export type ShapeRules<Family> = { readonly [Op in keyof Family & OpName]: ShapeRule<Op> };
export type GradientRules<Family> = { readonly [Op in keyof Family & OpName]: GradientRule<Op> };
export type OnnxRules<Family> = { readonly [Op in keyof Family & OpName]: OnnxRule<Op> };
export type ReferenceRules<Family> = { readonly [Op in keyof Family & OpName]: ReferenceRule<Op> };
