import { z } from "zod";

/**
 * Qwen2's pre-tokeniser as its tokenizer.json spells it (Oniguruma syntax). llama.cpp splits the same way
 * under the name `qwen2`; a file with another regex would be split differently by trainer and server.
 */
export const QWEN2_PATTERN: string =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" +
  "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

const byteLevelSchema = z.looseObject({ type: z.literal("ByteLevel"), use_regex: z.boolean().optional() });

const addedTokenSchema = z.looseObject({
  id: z.int().nonnegative(),
  content: z.string().min(1).max(1000),
  special: z.boolean(),
});

/**
 * The part of Hugging Face's `tokenizer.json` that Homegrown writes and reads: byte-level BPE with one
 * pre-tokeniser regex. Unknown fields are kept, since other tools read the same file.
 */
export const tokenizerJsonSchema = z.looseObject({
  version: z.string(),
  added_tokens: z.array(addedTokenSchema).max(100_000),
  normalizer: z.looseObject({ type: z.literal("NFC") }).nullable(),
  pre_tokenizer: z.looseObject({
    type: z.literal("Sequence"),
    pretokenizers: z.tuple([
      z.looseObject({
        type: z.literal("Split"),
        pattern: z.object({ Regex: z.string() }),
        behavior: z.literal("Isolated"),
        invert: z.boolean(),
      }),
      byteLevelSchema,
    ]),
  }),
  post_processor: z.unknown(),
  decoder: byteLevelSchema,
  model: z.looseObject({
    type: z.literal("BPE"),
    /** Token (bytes spelt in GPT-2's printable alphabet) → id; ids are 0…size-1. */
    vocab: z.record(z.string(), z.int().nonnegative()),
    /** In rank order; "left right", or the pair as newer files write it. */
    merges: z.union([z.array(z.string()), z.array(z.tuple([z.string(), z.string()]))]),
  }),
});

export type TokenizerJson = z.infer<typeof tokenizerJsonSchema>;
