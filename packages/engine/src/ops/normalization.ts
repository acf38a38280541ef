// Root-mean-square normalisation (Zhang & Sennrich 2019): y = x ∘ r ∘ g, r = 1/√(mean(x²) + ε) for each row.
// Gradient, with u = dy ∘ x and d the width: dg = rᵀ·u; dx = r ∘ (dy ∘ g) − x ∘ (u·g) ∘ r³/d.
import type { Tensor } from "../graph/tensor.ts";
import { filled } from "../reference/nd-array.ts";
import type { GradientRules, OnnxRules, ReferenceRules, ShapeRules } from "./rules.ts";

export interface NormalizationOps {
  /** x [rows, d], gain [d]. Outputs: y [rows, d], and r [rows, 1] for the gradient. */
  rmsNorm: { inputs: readonly [x: Tensor, gain: Tensor]; attributes: { readonly epsilon: number } };
}

export const shapes: ShapeRules<NormalizationOps> = {
  rmsNorm: ([x, gain]) =>
    x.shape.length === 2 && gain.shape.length === 1 && x.shape[1] === gain.shape[0]
      ? [
          { dtype: "float32", shape: x.shape },
          { dtype: "float32", shape: [x.shape[0]!, 1] },
        ]
      : "x [rows, d] and a gain [d]",
};

export const gradients: GradientRules<NormalizationOps> = {
  rmsNorm: (graph, { inputs: [x, gain], outputs: [, r] }, dy) => {
    const [rows, d] = x.shape as [number, number];
    const u = graph.apply("multiply", [dy, x], {});
    const row = graph.apply("reshape", [r!], { shape: [1, rows] });
    const dgain = graph.apply("reshape", [graph.apply("gemm", [row, u], {})], { shape: [d] });
    const column = graph.apply("reshape", [gain], { shape: [d, 1] });
    const projected = graph.apply("gemm", [u, column], { alpha: 1 / d });
    const cube = graph.apply("multiply", [graph.apply("multiply", [r!, r!], {}), r!], {});
    const along = graph.apply("multiply", [x, graph.apply("multiply", [projected, cube], {})], {});
    const scaled = graph.apply("multiply", [graph.apply("multiply", [dy, gain], {}), r!], {});
    return [graph.apply("subtract", [scaled, along], {}), dgain];
  },
};

export const onnx: OnnxRules<NormalizationOps> = {
  rmsNorm: (emit, inputs, { epsilon }, [y, r]) =>
    emit.nodes("SimplifiedLayerNormalization", inputs, [y!.shape, r!.shape], {
      axis: { int: -1 },
      epsilon: { float: epsilon },
    }),
};

export const references: ReferenceRules<NormalizationOps> = {
  rmsNorm: ([x, gain], { epsilon }) => {
    const [rows, d] = x.shape as [number, number];
    const y = filled(x.shape, 0);
    const r = filled([rows, 1], 0);
    for (let i = 0; i < rows; i++) {
      const row = x.data.subarray(i * d, (i + 1) * d);
      const meanSquare = row.reduce((total, value) => total + value * value, 0) / d;
      r.data[i] = 1 / Math.sqrt(meanSquare + epsilon);
      row.forEach((value, j) => (y.data[i * d + j] = value * r.data[i]! * gain.data[j]!));
    }
    return [y, r];
  },
};
