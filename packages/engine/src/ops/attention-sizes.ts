// How causal attention is cut up. Legend: T time, B sequences, H query heads, K key-value heads, D head size.
import type { Shape } from "../graph/shapes.ts";

export interface AttentionAttributes {
  readonly sequences: number;
  readonly headDim: number;
  /** Rows of queries taken together; the last block may be shorter. */
  readonly blockSize: number;
}

export interface AttentionSizes {
  readonly time: number;
  /** B·K: what the products run over independently. */
  readonly groups: number;
  /** H/K: query heads that share a group's keys. */
  readonly heads: number;
  readonly headDim: number;
  /** Ranges of time. */
  readonly blocks: readonly { readonly start: number; readonly end: number }[];
}

/** Sizes from the shapes of q [T·B, H·D] and k [T·B, K·D]. */
export function attentionSizes(
  q: { readonly shape: Shape },
  k: { readonly shape: Shape },
  { sequences, headDim, blockSize }: AttentionAttributes,
): AttentionSizes {
  const time = q.shape[0]! / sequences;
  const blocks = [];
  for (let start = 0; start < time; start += blockSize) {
    blocks.push({ start, end: Math.min(time, start + blockSize) });
  }
  const groups = (sequences * k.shape[1]!) / headDim;
  return { time, groups, heads: q.shape[1]! / k.shape[1]!, headDim, blocks };
}
