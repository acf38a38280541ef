// One value in, one value out, at each place; the two inputs of a binary op broadcast as in NumPy.
// swiglu(g, u) = silu(g) ∘ u, silu(g) = g ∘ σ(g) (Shazeer 2020, "GLU Variants Improve Transformer").
import type { Graph } from "../graph/graph.ts";
import { broadcast, repeatedAxes, sameShape } from "../graph/shapes.ts";
import type { Shape } from "../graph/shapes.ts";
import type { Tensor, TensorType } from "../graph/tensor.ts";
import { filled, mapElements, zipElements } from "../reference/nd-array.ts";
import type { GradientRules, OnnxRules, ReferenceRules, ShapeRules } from "./rules.ts";
import type { NoAttributes } from "./signatures.ts";

interface Binary {
  inputs: readonly [a: Tensor, b: Tensor];
  attributes: NoAttributes;
}

export interface ElementwiseOps {
  add: Binary;
  subtract: Binary;
  multiply: Binary;
  scale: { inputs: readonly [x: Tensor]; attributes: { readonly factor: number } };
  sigmoid: { inputs: readonly [x: Tensor]; attributes: NoAttributes };
  swiglu: { inputs: readonly [gate: Tensor, up: Tensor]; attributes: NoAttributes };
  /** A constant that takes no input. */
  fill: { inputs: readonly []; attributes: { readonly value: number; readonly shape: Shape } };
}

const binaryShape = ([a, b]: readonly [Tensor, Tensor]): readonly [TensorType] | string => {
  const shape = broadcast(a.shape, b.shape);
  if (shape === undefined || a.dtype !== "float32" || b.dtype !== "float32") {
    return "two float32 tensors whose shapes broadcast";
  }
  return [{ dtype: "float32", shape }];
};

export const shapes: ShapeRules<ElementwiseOps> = {
  add: binaryShape,
  subtract: binaryShape,
  multiply: binaryShape,
  scale: ([x]) => (x.dtype === "float32" ? [x] : "a float32 tensor"),
  sigmoid: ([x]) => (x.dtype === "float32" ? [x] : "a float32 tensor"),
  swiglu: ([gate, up]) => (sameShape(gate.shape, up.shape) ? [gate] : "two tensors of equal shape"),
  fill: (_, { shape }) => [{ dtype: "float32", shape }],
};

/** Sums a gradient over the axes along which its input was repeated. */
function reduceTo(graph: Graph, gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const axes = repeatedAxes(gradient.shape, shape);
  const summed = axes.length === 0 ? gradient : graph.apply("sum", [gradient], { axes });
  return sameShape(summed.shape, shape) ? summed : graph.apply("reshape", [summed], { shape });
}

export const gradients: GradientRules<ElementwiseOps> = {
  add: (graph, { inputs: [a, b] }, dy) => [reduceTo(graph, dy, a.shape), reduceTo(graph, dy, b.shape)],
  subtract: (graph, { inputs: [a, b] }, dy) => [
    reduceTo(graph, dy, a.shape),
    reduceTo(graph, graph.apply("scale", [dy], { factor: -1 }), b.shape),
  ],
  multiply: (graph, { inputs: [a, b] }, dy) => [
    reduceTo(graph, graph.apply("multiply", [dy, b], {}), a.shape),
    reduceTo(graph, graph.apply("multiply", [dy, a], {}), b.shape),
  ],
  scale: (graph, { attributes }, dy) => [graph.apply("scale", [dy], attributes)],
  // σ' = σ − σ²
  sigmoid: (graph, { outputs: [s] }, dy) => {
    const slope = graph.apply("subtract", [s!, graph.apply("multiply", [s!, s!], {})], {});
    return [graph.apply("multiply", [dy, slope], {})];
  },
  // silu' = σ + silu·(1 − σ), so dgate = dy ∘ u ∘ silu' = dy ∘ (σ ∘ (u − y) + y): fewer passes than term by
  // term. silu is made again from σ, one product more, rather than kept: it is among the widest activations.
  swiglu: (graph, { inputs: [gate, up], outputs: [y] }, dy) => {
    const s = graph.apply("sigmoid", [gate], {});
    const silu = graph.apply("multiply", [gate, s], {});
    const inner = graph.apply("multiply", [s, graph.apply("subtract", [up, y!], {})], {});
    const slope = graph.apply("add", [inner, y!], {});
    return [graph.apply("multiply", [dy, slope], {}), graph.apply("multiply", [dy, silu], {})];
  },
  fill: () => [],
};

export const onnx: OnnxRules<ElementwiseOps> = {
  add: (emit, inputs, _, [y]) => [emit.node("Add", inputs, y!.shape)],
  subtract: (emit, inputs, _, [y]) => [emit.node("Sub", inputs, y!.shape)],
  multiply: (emit, inputs, _, [y]) => [emit.node("Mul", inputs, y!.shape)],
  scale: (emit, [x], { factor }) => [emit.node("Mul", [x, emit.float(factor)], x.shape)],
  sigmoid: (emit, [x]) => [emit.node("Sigmoid", [x], x.shape)],
  swiglu: (emit, [gate, up]) => {
    // QuickGelu(x) = x·σ(alpha·x)
    const silu = emit.node("QuickGelu", [gate], gate.shape, { alpha: { float: 1 } });
    return [emit.node("Mul", [silu, up], gate.shape)];
  },
  fill: (emit, _, { value, shape }) => [emit.floats(filled(shape, value).data, shape)],
};

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const references: ReferenceRules<ElementwiseOps> = {
  add: ([a, b]) => [zipElements(a, b, (x, y) => x + y)],
  subtract: ([a, b]) => [zipElements(a, b, (x, y) => x - y)],
  multiply: ([a, b]) => [zipElements(a, b, (x, y) => x * y)],
  scale: ([x], { factor }) => [mapElements(x, (value) => value * factor)],
  sigmoid: ([x]) => [mapElements(x, sigmoid)],
  swiglu: ([gate, up]) => {
    const silu = mapElements(gate, (x) => x * sigmoid(x));
    return [zipElements(silu, up, (x, y) => x * y)];
  },
  fill: (_, { value, shape }) => [filled(shape, value)],
};
