// Matrix products and changes of shape. `gemm` is the one product: alpha·op(A)·op(B) + beta·C, transposes as
// flags (a Transpose node would cost a pass) and C for a residual, or for the gradient that is accumulated.
import type { Graph } from "../graph/graph.ts";
import { sameShape, sizeOf } from "../graph/shapes.ts";
import type { Shape } from "../graph/shapes.ts";
import type { Tensor } from "../graph/tensor.ts";
import { filled, placesIn } from "../reference/nd-array.ts";
import type { GradientRules, OnnxRules, ReferenceRules, ShapeRules } from "./rules.ts";

export interface GemmAttributes {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Default 1. */
  readonly alpha?: number;
  /** Default 1. */
  readonly beta?: number;
}

export interface MatrixOps {
  /** A [m, k] and B [k, n] (each the other way round when its flag is set), C [m, n] or absent. */
  gemm: {
    inputs: readonly [a: Tensor, b: Tensor] | readonly [a: Tensor, b: Tensor, c: Tensor];
    attributes: GemmAttributes;
  };
  /** The same values in the same order under another shape: free. */
  reshape: { inputs: readonly [x: Tensor]; attributes: { readonly shape: Shape } };
  /** Sum over axes, which disappear. */
  sum: { inputs: readonly [x: Tensor]; attributes: { readonly axes: readonly number[] } };
}

export const shapes: ShapeRules<MatrixOps> = {
  gemm: ([a, b, c], { transposeA, transposeB }) => {
    const [m, k] = transposeA ? a.shape.toReversed() : a.shape;
    const [inner, n] = transposeB ? b.shape.toReversed() : b.shape;
    const fits = a.shape.length === 2 && b.shape.length === 2 && k === inner;
    if (!fits || (c !== undefined && !sameShape(c.shape, [m!, n!]))) {
      return "matrices A, B whose inner sizes agree (after their transposes) and C of the product's shape";
    }
    return [{ dtype: "float32", shape: [m!, n!] }];
  },
  reshape: ([x], { shape }) =>
    sizeOf(shape) === sizeOf(x.shape)
      ? [{ dtype: x.dtype, shape }]
      : `as many elements as in [${shape.join(", ")}]`,
  sum: ([x], { axes }) =>
    axes.every((axis) => axis >= 0 && axis < x.shape.length)
      ? [{ dtype: "float32", shape: x.shape.filter((_, axis) => !axes.includes(axis)) }]
      : `a tensor that has axes ${axes.join(", ")}`,
};

const product = (graph: Graph, a: Tensor, b: Tensor, attributes: GemmAttributes): Tensor =>
  graph.apply("gemm", [a, b], attributes);

export const gradients: GradientRules<MatrixOps> = {
  gemm: (graph, { inputs: [a, b, c], attributes }, dy) => {
    const { transposeA = false, transposeB = false, alpha = 1, beta = 1 } = attributes;
    const da = transposeA
      ? product(graph, b, dy, { transposeA: transposeB, transposeB: true, alpha })
      : product(graph, dy, b, { transposeB: !transposeB, alpha });
    const db = transposeB
      ? product(graph, dy, a, { transposeA: true, transposeB: transposeA, alpha })
      : product(graph, a, dy, { transposeA: !transposeA, alpha });
    const dc = c && (beta === 1 ? dy : graph.apply("scale", [dy], { factor: beta }));
    return [da, db, dc];
  },
  reshape: (graph, { inputs: [x] }, dy) => [graph.apply("reshape", [dy], { shape: x.shape })],
  sum: (graph, { inputs: [x], attributes: { axes } }, dy) => {
    const kept = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
    const column = graph.apply("reshape", [dy], { shape: kept });
    const zeros = graph.apply("fill", [], { value: 0, shape: x.shape });
    return [graph.apply("add", [column, zeros], {})];
  },
};

export const onnx: OnnxRules<MatrixOps> = {
  gemm: (emit, inputs, { transposeA, transposeB, alpha = 1, beta = 1 }, [y]) => [
    emit.node("Gemm", inputs, y!.shape, {
      ...(transposeA ? { transA: { int: 1 } } : {}),
      ...(transposeB ? { transB: { int: 1 } } : {}),
      ...(alpha === 1 ? {} : { alpha: { float: alpha } }),
      ...(inputs[2] === undefined || beta === 1 ? {} : { beta: { float: beta } }),
    }),
  ],
  reshape: (emit, [x], { shape }) => [emit.reshape(x, shape)],
  sum: (emit, [x], { axes }, [y]) => [
    emit.node("ReduceSum", [x, emit.ints(axes)], y!.shape, { keepdims: { int: 0 } }),
  ],
};

export const references: ReferenceRules<MatrixOps> = {
  gemm: ([a, b, c], { transposeA, transposeB, alpha = 1, beta = 1 }, [y]) => {
    const [m, n] = y!.shape as [number, number];
    const k = a.shape[transposeA ? 0 : 1]!;
    const result = filled([m, n], 0);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let total = 0;
        for (let l = 0; l < k; l++) {
          const left = a.data[transposeA ? l * m + i : i * k + l]!;
          const right = b.data[transposeB ? j * k + l : l * n + j]!;
          total += left * right;
        }
        result.data[i * n + j] = alpha * total + (c === undefined ? 0 : beta * c.data[i * n + j]!);
      }
    }
    return [result];
  },
  reshape: ([x], { shape }) => [{ shape, data: x.data }],
  sum: ([x], { axes }, [y]) => {
    const kept = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
    const place = placesIn(kept, x.shape);
    const result = filled(y!.shape, 0);
    x.data.forEach((value, i) => (result.data[place(i)]! += value));
    return [result];
  },
};
