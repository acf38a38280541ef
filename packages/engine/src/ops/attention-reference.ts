// Attention in float64, one query at a time; no blocks, no views.
import { filled } from "../reference/nd-array.ts";
import type { NdArray } from "../reference/nd-array.ts";
import { attentionSizes } from "./attention-sizes.ts";
import type { AttentionAttributes } from "./attention-sizes.ts";

interface Query {
  /** Where this query's vector starts in q and o. */
  readonly at: number;
  /** Where the vector of key s starts in k and v. */
  readonly keyAt: (s: number) => number;
  readonly group: number;
  readonly head: number;
  readonly t: number;
}

function* queries(q: NdArray, k: NdArray, attributes: AttentionAttributes): Generator<Query> {
  const { sequences, headDim } = attributes;
  const numHeads = q.shape[1]! / headDim;
  const numKeyValueHeads = k.shape[1]! / headDim;
  const perGroup = numHeads / numKeyValueHeads;
  for (let t = 0; t < q.shape[0]! / sequences; t++) {
    for (let b = 0; b < sequences; b++) {
      for (let h = 0; h < numHeads; h++) {
        const shared = Math.floor(h / perGroup);
        yield {
          at: ((t * sequences + b) * numHeads + h) * headDim,
          keyAt: (s) => ((s * sequences + b) * numKeyValueHeads + shared) * headDim,
          group: b * numKeyValueHeads + shared,
          head: h % perGroup,
          t,
        };
      }
    }
  }
}

function dot(a: NdArray, i: number, b: NdArray, j: number, length: number): number {
  let total = 0;
  for (let d = 0; d < length; d++) total += a.data[i + d]! * b.data[j + d]!;
  return total;
}

function probabilitiesOf({ at, keyAt, t }: Query, q: NdArray, k: NdArray, headDim: number): number[] {
  const scores = Array.from(
    { length: t + 1 },
    (_, s) => dot(q, at, k, keyAt(s), headDim) / Math.sqrt(headDim),
  );
  const largest = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - largest));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return exponentials.map((value) => value / total);
}

export function referenceAttention(
  [q, k, v]: readonly [NdArray, NdArray, NdArray],
  attributes: AttentionAttributes,
): NdArray[] {
  const { groups, heads, headDim, blocks } = attentionSizes(q, k, attributes);
  const o = filled(q.shape, 0);
  const kept = blocks.map(({ start, end }) => filled([groups, heads, end - start, end], 0));
  for (const query of queries(q, k, attributes)) {
    const { at, keyAt, group, head, t } = query;
    const p = probabilitiesOf(query, q, k, headDim);
    p.forEach((weight, s) => {
      for (let d = 0; d < headDim; d++) o.data[at + d]! += weight * v.data[keyAt(s) + d]!;
    });
    const index = Math.floor(t / attributes.blockSize);
    const { start, end } = blocks[index]!;
    kept[index]!.data.set(p, ((group * heads + head) * (end - start) + t - start) * end);
  }
  return [o, ...kept];
}

export function referenceAttentionGradient(
  [dO, q, k, v]: readonly [NdArray, NdArray, NdArray, NdArray, ...NdArray[]],
  attributes: AttentionAttributes,
): NdArray[] {
  const { headDim } = attributes;
  const [dq, dk, dv] = [filled(q.shape, 0), filled(k.shape, 0), filled(v.shape, 0)];
  for (const query of queries(q, k, attributes)) {
    const { at, keyAt } = query;
    const p = probabilitiesOf(query, q, k, headDim);
    const dp = p.map((_, s) => dot(dO, at, v, keyAt(s), headDim));
    const mean = p.reduce((total, weight, s) => total + weight * dp[s]!, 0);
    p.forEach((weight, s) => {
      const ds = (weight * (dp[s]! - mean)) / Math.sqrt(headDim);
      for (let d = 0; d < headDim; d++) {
        dq.data[at + d]! += ds * k.data[keyAt(s) + d]!;
        dk.data[keyAt(s) + d]! += ds * q.data[at + d]!;
        dv.data[keyAt(s) + d]! += weight * dO.data[at + d]!;
      }
    });
  }
  return [dq, dk, dv];
}
