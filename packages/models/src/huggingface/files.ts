// The files of a model folder in Hugging Face layout, and how long each may be.
const MEBIBYTE = 1 << 20;

export const FILES = {
  config: "config.json",
  weights: "model.safetensors",
  weightsIndex: "model.safetensors.index.json",
  tokenizer: "tokenizer.json",
  tokenizerConfig: "tokenizer_config.json",
  chatTemplate: "chat_template.jinja",
  generation: "generation_config.json",
} as const;

export const MAX_BYTES = {
  config: MEBIBYTE,
  tokenizer: 64 * MEBIBYTE,
  tokenizerConfig: 8 * MEBIBYTE,
  chatTemplate: MEBIBYTE,
} as const;
