// Causal scaled dot-product attention with grouped queries (Vaswani et al. 2017; Ainslie et al. 2023):
//   S = q·kᵀ/√hd, P = softmax over keys not later than the query, o = P·v
//   D = rowsum(do ∘ o), dS = P ∘ (do·vᵀ − D), dq = dS·k/√hd, dk = dSᵀ·q/√hd, dv = Pᵀ·do
// Queries are taken in blocks of rows, and each block meets only the keys up to its own end, so that most of
// the upper triangle is never computed. P is therefore kept in blocks.
//
// Legend: T time, B sequences, H query heads, K key-value heads, G = H/K, D head size. Rows are time-major
// (row = t·B + b), so [T·B, H·D] is [T, B·H, D] for free, and the product reads heads as strided views.
import { sameShape } from "../graph/shapes.ts";
import type { Tensor } from "../graph/tensor.ts";
import { lowerAttention, lowerAttentionGradient } from "./attention-lowering.ts";
import { attentionSizes } from "./attention-sizes.ts";
import type { AttentionAttributes } from "./attention-sizes.ts";
import { referenceAttention, referenceAttentionGradient } from "./attention-reference.ts";
import type { GradientRules, OnnxRules, ReferenceRules, ShapeRules } from "./rules.ts";

export interface AttentionOps {
  /** q [T·B, H·D], k and v [T·B, K·D]. Outputs: o [T·B, H·D]; then P of each block [B·K, G, rows, keys]. */
  causalAttention: {
    inputs: readonly [q: Tensor, k: Tensor, v: Tensor];
    attributes: AttentionAttributes;
  };
  /** Outputs: dq, dk, dv. */
  causalAttentionGradient: {
    inputs: readonly [
      dO: Tensor,
      q: Tensor,
      k: Tensor,
      v: Tensor,
      o: Tensor,
      ...probabilities: readonly Tensor[],
    ];
    attributes: AttentionAttributes;
  };
}

export const shapes: ShapeRules<AttentionOps> = {
  causalAttention: ([q, k, v], attributes) => {
    const { time, groups, heads, blocks } = attentionSizes(q, k, attributes);
    const fits =
      q.shape[0] === k.shape[0] &&
      sameShape(k.shape, v.shape) &&
      k.shape[1]! % attributes.headDim === 0 &&
      [time, heads].every(Number.isInteger);
    if (!fits) return "q [time·B, heads·D], k and v [time·B, kvHeads·D], heads a multiple of kvHeads";
    return [
      { dtype: "float32", shape: q.shape },
      ...blocks.map(({ start, end }) => ({
        dtype: "float32" as const,
        shape: [groups, heads, end - start, end],
      })),
    ];
  },
  causalAttentionGradient: ([dO, q, k, v, o]) =>
    sameShape(dO.shape, q.shape) && sameShape(o.shape, q.shape) ? [q, k, v] : "dO and o of q's shape",
};

export const gradients: GradientRules<AttentionOps> = {
  causalAttention: (graph, { inputs: [q, k, v], attributes, outputs: [o, ...probabilities] }, dO) =>
    graph.applyAll("causalAttentionGradient", [dO, q, k, v, o!, ...probabilities], attributes),
  causalAttentionGradient: { never: "second derivatives are not needed" },
};

export const onnx: OnnxRules<AttentionOps> = {
  causalAttention: lowerAttention,
  causalAttentionGradient: lowerAttentionGradient,
};

export const references: ReferenceRules<AttentionOps> = {
  causalAttention: referenceAttention,
  causalAttentionGradient: referenceAttentionGradient,
};
