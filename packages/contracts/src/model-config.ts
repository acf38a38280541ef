import { z } from "zod";

/**
 * A dense decoder. `qwen3` normalises queries and keys per head, `llama` does not; everything else is
 * shared. Field names follow Hugging Face's `config.json` in camel case.
 */
export const decoderConfigSchema = z
  .object({
    architecture: z.enum(["qwen3", "llama"]),
    vocabSize: z.int().min(1).max(1_000_000),
    hiddenSize: z.int().min(2).max(65_536),
    intermediateSize: z.int().min(1).max(262_144),
    numLayers: z.int().min(1).max(512),
    numAttentionHeads: z.int().min(1).max(1024),
    numKeyValueHeads: z.int().min(1).max(1024),
    headDim: z.int().min(2).max(1024),
    maxPositionEmbeddings: z.int().min(1).max(10_000_000),
    ropeTheta: z.number().positive(),
    rmsNormEps: z.number().positive(),
    tieWordEmbeddings: z.boolean(),
  })
  .strict()
  .refine((c) => c.numAttentionHeads % c.numKeyValueHeads === 0, {
    error: "numAttentionHeads must be a multiple of numKeyValueHeads",
  })
  .refine((c) => c.headDim % 2 === 0, { error: "headDim must be even: rotary embedding turns pairs" });

export type DecoderConfig = z.infer<typeof decoderConfigSchema>;
