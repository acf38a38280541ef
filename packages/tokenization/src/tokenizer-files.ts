// `tokenizer.json`, Hugging Face layout.
import { QWEN2_PATTERN, type TokenizerJson } from "@homegrown/contracts";
import { BYTE_ORDER, BYTE_TO_CHAR } from "./byte-alphabet.ts";

/** `merges` in rank order, each a pair of spellings; token ids: 256 bytes, merges, special tokens. */
export function makeTokenizerJson(
  merges: readonly (readonly [string, string])[],
  specialTokens: readonly string[],
): TokenizerJson {
  const tokens = [...BYTE_ORDER.map((byte) => BYTE_TO_CHAR[byte]!), ...merges.map(([a, b]) => a + b)];
  const byteLevel = {
    type: "ByteLevel" as const,
    add_prefix_space: false,
    trim_offsets: false,
    use_regex: false,
  };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content, i) => ({
      id: tokens.length + i,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: { type: "NFC" },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: QWEN2_PATTERN }, behavior: "Isolated", invert: false },
        byteLevel,
      ],
    },
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: merges.map(([a, b]) => `${a} ${b}`),
    },
  };
}

/** `tokenizer.json`'s text: one canonical spelling, so that its hash can pin it. */
export function serializeTokenizerJson(json: TokenizerJson): string {
  return `${JSON.stringify(json, undefined, 1)}\n`;
}
