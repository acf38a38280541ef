// Attention as ONNX nodes. FusedMatMul's transBatch flags read [T, groups, heads, D] as [groups, heads, T, D]
// by strides; its result has no such flag, so what leaves a head is transposed once.
import type { OnnxEmitter, OnnxValue } from "../onnx/emitter.ts";
import { attentionSizes } from "./attention-sizes.ts";
import type { AttentionAttributes, AttentionSizes } from "./attention-sizes.ts";

/** Added to the score of a later key; exp of it is 0 in float32 however large the other scores are. */
const MASKED = -1e9;

interface ProductFlags {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** The operand is time-major. */
  readonly timeMajorA?: boolean;
  readonly timeMajorB?: boolean;
  readonly alpha?: number;
}

function product(
  emit: OnnxEmitter,
  a: OnnxValue,
  b: OnnxValue,
  shape: readonly number[],
  flags: ProductFlags,
): OnnxValue {
  return emit.node("FusedMatMul", [a, b], shape, {
    transA: { int: flags.transposeA ? 1 : 0 },
    transB: { int: flags.transposeB ? 1 : 0 },
    transBatchA: { int: flags.timeMajorA ? 1 : 0 },
    transBatchB: { int: flags.timeMajorB ? 1 : 0 },
    alpha: { float: flags.alpha ?? 1 },
  });
}

const queryView = (
  emit: OnnxEmitter,
  x: OnnxValue,
  { time, groups, heads, headDim }: AttentionSizes,
): OnnxValue => emit.reshape(x, [time, groups, heads, headDim]);

const keyView = (emit: OnnxEmitter, x: OnnxValue, { time, groups, headDim }: AttentionSizes): OnnxValue =>
  emit.reshape(x, [time, groups, 1, headDim]);

/** [groups, heads, T, D] of each block → [T·B, H·D]. */
function leaveHeads(
  emit: OnnxEmitter,
  blocks: readonly OnnxValue[],
  { time, groups, heads, headDim }: AttentionSizes,
  shape: readonly number[],
): OnnxValue {
  const whole =
    blocks.length === 1
      ? blocks[0]!
      : emit.node("Concat", blocks, [groups, heads, time, headDim], { axis: { int: 2 } });
  const turned = emit.node("Transpose", [whole], [time, groups, heads, headDim], {
    perm: { ints: [2, 0, 1, 3] },
  });
  return emit.reshape(turned, shape);
}

/** 0 where query start+i may see key j, MASKED where j is later. */
function mask(emit: OnnxEmitter, start: number, end: number): OnnxValue {
  const rows = end - start;
  return emit.shared(`causal mask ${start} ${end}`, () =>
    emit.floats(
      Float32Array.from({ length: rows * end }, (_, i) =>
        i % end > start + Math.floor(i / end) ? MASKED : 0,
      ),
      [rows, end],
    ),
  );
}

export function lowerAttention(
  emit: OnnxEmitter,
  [q, k, v]: readonly [OnnxValue, OnnxValue, OnnxValue],
  attributes: AttentionAttributes,
): OnnxValue[] {
  const sizes = attentionSizes(q, k, attributes);
  const { groups, heads, headDim, blocks } = sizes;
  const qView = queryView(emit, q, sizes);
  const [kView, vView] = [keyView(emit, k, sizes), keyView(emit, v, sizes)];
  const parts = blocks.map(({ start, end }) => {
    const scoreShape = [groups, heads, end - start, end];
    const scores = product(emit, emit.slice(qView, start, end), emit.slice(kView, 0, end), scoreShape, {
      timeMajorA: true,
      timeMajorB: true,
      transposeB: true,
      alpha: 1 / Math.sqrt(headDim),
    });
    const masked = emit.node("Add", [scores, mask(emit, start, end)], scoreShape);
    const p = emit.node("Softmax", [masked], scoreShape, { axis: { int: -1 } });
    const o = product(emit, p, emit.slice(vView, 0, end), [groups, heads, end - start, headDim], {
      timeMajorB: true,
    });
    return { p, o };
  });
  const o = leaveHeads(
    emit,
    parts.map((part) => part.o),
    sizes,
    q.shape,
  );
  return [o, ...parts.map(({ p }) => p)];
}

export function lowerAttentionGradient(
  emit: OnnxEmitter,
  [dO, q, k, v, o, ...probabilities]: readonly [
    OnnxValue,
    OnnxValue,
    OnnxValue,
    OnnxValue,
    OnnxValue,
    ...OnnxValue[],
  ],
  attributes: AttentionAttributes,
): OnnxValue[] {
  const sizes = attentionSizes(q, k, attributes);
  const { time, groups, heads, headDim, blocks } = sizes;
  const alpha = 1 / Math.sqrt(headDim);
  const [dOView, qView] = [queryView(emit, dO, sizes), queryView(emit, q, sizes)];
  const [kView, vView] = [keyView(emit, k, sizes), keyView(emit, v, sizes)];
  const correction = rowCorrection(emit, dO, o, sizes);
  const parts = blocks.map(({ start, end }, i) => {
    const p = probabilities[i]!;
    const rows = end - start;
    const scoreShape = [groups, heads, rows, end];
    const keyShape = [groups, heads, end, headDim];
    const dOBlock = emit.slice(dOView, start, end, true);
    const dP = product(emit, dOBlock, emit.slice(vView, 0, end, true), scoreShape, {
      timeMajorA: true,
      timeMajorB: true,
      transposeB: true,
    });
    const centred = emit.node("Sub", [dP, correction[i]!], scoreShape);
    const dS = emit.node("Mul", [p, centred], scoreShape);
    return {
      dq: product(emit, dS, emit.slice(kView, 0, end, true), [groups, heads, rows, headDim], {
        timeMajorB: true,
        alpha,
      }),
      dk: product(emit, dS, emit.slice(qView, start, end, true), keyShape, {
        transposeA: true,
        timeMajorB: true,
        alpha,
      }),
      dv: product(emit, p, dOBlock, keyShape, { transposeA: true, timeMajorB: true }),
    };
  });
  const dq = leaveHeads(
    emit,
    parts.map((part) => part.dq),
    sizes,
    q.shape,
  );
  const leaveKeys = (blocksOf: readonly OnnxValue[]): OnnxValue => {
    const perHead = sumPrefixes(emit, blocksOf);
    const grouped =
      heads === 1
        ? perHead
        : emit.node("ReduceSum", [perHead, emit.ints([1])], [groups, 1, time, headDim], {
            keepdims: { int: 1 },
          });
    return leaveHeads(emit, [grouped], { ...sizes, heads: 1 }, k.shape);
  };
  return [dq, leaveKeys(parts.map(({ dk }) => dk)), leaveKeys(parts.map(({ dv }) => dv))];
}

/** rowsum(dO ∘ o) for each block, [groups, heads, rows, 1]. */
function rowCorrection(
  emit: OnnxEmitter,
  dO: OnnxValue,
  o: OnnxValue,
  { time, groups, heads, headDim, blocks }: AttentionSizes,
): OnnxValue[] {
  const both = emit.node("Mul", [dO, o], dO.shape);
  const view = emit.reshape(both, [time, groups, heads, headDim]);
  const sums = emit.node("ReduceSum", [view, emit.ints([3])], [time, groups, heads], {
    keepdims: { int: 0 },
  });
  const turned = emit.node("Transpose", [sums], [groups, heads, time], { perm: { ints: [1, 2, 0] } });
  const column = emit.reshape(turned, [groups, heads, time, 1]);
  if (blocks.length === 1) return [column];
  const lengths = blocks.map(({ start, end }) => end - start);
  return emit.nodes(
    "Split",
    [column, emit.ints(lengths)],
    lengths.map((length) => [groups, heads, length, 1]),
    { axis: { int: 2 } },
  );
}

/** Adds values that cover ever longer prefixes of axis 2: each shorter one is padded with zeros. */
function sumPrefixes(emit: OnnxEmitter, parts: readonly OnnxValue[]): OnnxValue {
  return parts.reduce((total, part) => {
    const missing = part.shape[2]! - total.shape[2]!;
    const padded = emit.node("Pad", [total, emit.ints([0, 0, 0, 0, 0, 0, missing, 0])], part.shape);
    return emit.node("Add", [padded, part], part.shape);
  });
}
