// What is trained: the three shapes of the comparison, the same on both sides (q/k norms, untied head, AdamW).
import { readFileSync } from "node:fs";
import type { DecoderConfig } from "@homegrown/contracts";

export interface BenchShape {
  readonly config: DecoderConfig;
  readonly sequenceLength: number;
  /** Sequences of one optimizer step. */
  readonly batch: number;
  /** Steps that are timed together. */
  readonly stepsPerRound: number;
}

function shape(
  sizes: { layers: number; width: number; heads: number; ffn: number; vocab: number },
  rest: Omit<BenchShape, "config">,
): BenchShape {
  return {
    ...rest,
    config: {
      architecture: "qwen3",
      vocabSize: sizes.vocab,
      hiddenSize: sizes.width,
      intermediateSize: sizes.ffn,
      numLayers: sizes.layers,
      numAttentionHeads: sizes.heads,
      numKeyValueHeads: sizes.heads,
      headDim: sizes.width / sizes.heads,
      maxPositionEmbeddings: rest.sequenceLength,
      ropeTheta: 10_000,
      rmsNormEps: 1e-6,
      tieWordEmbeddings: false,
    },
  };
}

export const SHAPES: Readonly<Record<string, BenchShape>> = {
  S: shape(
    { layers: 4, width: 256, heads: 4, ffn: 768, vocab: 4096 },
    { sequenceLength: 256, batch: 8, stepsPerRound: 8 },
  ),
  M: shape(
    { layers: 6, width: 384, heads: 6, ffn: 1024, vocab: 8192 },
    { sequenceLength: 256, batch: 8, stepsPerRound: 4 },
  ),
  L: shape(
    { layers: 12, width: 768, heads: 12, ffn: 2048, vocab: 8192 },
    { sequenceLength: 512, batch: 2, stepsPerRound: 2 },
  ),
};

export const OPTIMIZER = { learningRate: 1e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 };
export const CLIP_NORM = 1;

export interface Split {
  readonly numWorkers: number;
  readonly microBatches: number;
  readonly microBatchSequences: number;
}

/** One worker a core while there are sequences for each; `microBatchSequences` divides a worker's share. */
export function splitBatch({ batch }: BenchShape, cores: number, microBatchSequences?: number): Split {
  let numWorkers = Math.min(cores, batch);
  while (batch % numWorkers !== 0) numWorkers--;
  const share = batch / numWorkers;
  const size =
    microBatchSequences !== undefined && share % microBatchSequences === 0 ? microBatchSequences : share;
  return { numWorkers, microBatches: share / size, microBatchSequences: size };
}

/**
 * Batches of the corpus, each with other text; PyTorch's side does the same. The id of a place is made of its
 * byte and the next one: as skewed as text is, and no tokenizer stands between the two sides.
 */
export function batchesOf(
  file: string,
  { config, batch, sequenceLength }: BenchShape,
): () => { ids: Int32Array; targets: Int32Array } {
  const bytes = readFileSync(file);
  const numTokens = batch * sequenceLength;
  let start = 0;
  const idsFrom = (from: number): Int32Array =>
    Int32Array.from(
      { length: numTokens },
      (_, i) => (bytes[from + i]! * 257 + bytes[from + i + 1]!) % config.vocabSize,
    );
  return () => {
    if (start + numTokens + 2 > bytes.length) start = 0;
    const taken = { ids: idsFrom(start), targets: idsFrom(start + 1) };
    start += numTokens;
    return taken;
  };
}
