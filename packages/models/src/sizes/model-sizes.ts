/** The part of a configuration that a size names; vocabulary and context come from data and recipe. */
export interface ModelShape {
  numLayers: number;
  hiddenSize: number;
  intermediateSize: number;
  numAttentionHeads: number;
  numKeyValueHeads: number;
  headDim: number;
}

/**
 * The ladder of dense decoders. Width grows before depth, `intermediateSize` is 8/3 of the width
 * (SwiGLU, Shazeer 2020: three matrices for the cost of two of 4x) rounded to 32, and every row is a
 * multiple of 32 so that Q8_0 applies to all matrices. The comment counts parameters with the
 * vocabulary in brackets, embeddings tied.
 */
export const MODEL_SIZES = {
  /** 0.6M (2,048). */
  nano: shape(2, 128, 352, 4, 2, 32),
  /** 1.2M (4,096): what three minutes on two cores teach most (docs/log.md). */
  tiny: shape(4, 128, 352, 4, 1, 32),
  /** 2.0M (2,048). */
  micro: shape(4, 192, 512, 6, 2, 32),
  /** 5.1M (4,096). */
  mini: shape(6, 256, 672, 8, 2, 32),
  /** 12.6M (8,192): shape M of the benches, with grouped queries. */
  small: shape(6, 384, 1024, 6, 2, 64),
  /** 26M (8,192). */
  base: shape(8, 512, 1376, 8, 2, 64),
  /** 88M (16,384). */
  large: shape(12, 768, 2048, 12, 4, 64),
  /** 192M (16,384): about what one machine's shared WebAssembly memory can train. */
  xlarge: shape(16, 1024, 2720, 16, 4, 64),
} as const satisfies Record<string, ModelShape>;

export type ModelSize = keyof typeof MODEL_SIZES;

function shape(
  numLayers: number,
  hiddenSize: number,
  intermediateSize: number,
  numAttentionHeads: number,
  numKeyValueHeads: number,
  headDim: number,
): ModelShape {
  return { numLayers, hiddenSize, intermediateSize, numAttentionHeads, numKeyValueHeads, headDim };
}
