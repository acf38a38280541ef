// The tokenizer's files in a model folder: `tokenizer.json` and `tokenizer_config.json`, Hugging Face layout.
import type { TokenizerJson } from "@homegrown/contracts";
import { BYTE_ORDER, BYTE_TO_CHAR } from "./byte-alphabet.ts";
import { QWEN2_PATTERN } from "./pre-tokenizer.ts";
import { END_OF_TEXT, END_OF_TURN } from "./special-tokens.ts";

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

/** `tokenizer_config.json`, as transformers' `AutoTokenizer` reads it. */
export interface TokenizerConfig {
  tokenizer_class: "Qwen2Tokenizer";
  add_prefix_space: false;
  add_bos_token: false;
  bos_token: null;
  eos_token: string;
  pad_token: string;
  unk_token: null;
  clean_up_tokenization_spaces: false;
  split_special_tokens: false;
  errors: "replace";
  model_max_length: number;
  chat_template: string;
  added_tokens_decoder: Record<string, Record<string, string | boolean>>;
}

/** @param modelMaxLength context length in tokens. */
export function toTokenizerConfig(
  json: TokenizerJson,
  { chatTemplate, modelMaxLength }: { chatTemplate: string; modelMaxLength: number },
): TokenizerConfig {
  return {
    tokenizer_class: "Qwen2Tokenizer",
    add_prefix_space: false,
    add_bos_token: false,
    bos_token: null,
    eos_token: json.added_tokens.some(({ content }) => content === END_OF_TURN) ? END_OF_TURN : END_OF_TEXT,
    pad_token: END_OF_TEXT,
    unk_token: null,
    clean_up_tokenization_spaces: false,
    split_special_tokens: false,
    errors: "replace",
    model_max_length: modelMaxLength,
    chat_template: chatTemplate,
    added_tokens_decoder: Object.fromEntries(
      json.added_tokens.map(({ id, content, special }) => [
        String(id),
        { content, lstrip: false, normalized: false, rstrip: false, single_word: false, special },
      ]),
    ),
  };
}
