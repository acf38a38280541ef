// The metadata of our own GGUF files: what llama.cpp needs to run the model and a person to know it.
import { HomegrownError, QWEN2_PATTERN } from "@homegrown/contracts";
import type { TokenizerJson } from "@homegrown/contracts";
import { specialId, toVocabulary } from "../weights/vocabulary.ts";
import type { TokenKind } from "../weights/vocabulary.ts";
import { VALUE_TYPES, WRITTEN_TYPES } from "./header.ts";
import type { GgufModel } from "./writer.ts";

/** One entry, typed as the specification asks for that key. */
export type MetadataEntry =
  | { key: string; type: "string"; value: string }
  | { key: string; type: "uint32" | "float32"; value: number }
  | { key: string; type: "bool"; value: boolean }
  | { key: string; type: "string[]"; value: readonly string[] }
  | { key: string; type: "int32[]"; value: readonly number[] };

/** `llama_token_type`. */
const TOKEN_TYPES: Readonly<Record<TokenKind, number>> = {
  normal: 1,
  control: 3,
  "user-defined": 4,
  unused: 5,
};

const QUANTIZATION_VERSION = 2;

/** Throws `models/malformed-file` for a tokenizer that does not fit, `models/unsupported-tokenizer`. */
export function toMetadata(model: GgufModel, numParameters: number): MetadataEntry[] {
  return [...generalEntries(model, numParameters), ...architectureEntries(model), ...tokenizerEntries(model)];
}

function generalEntries(model: GgufModel, numParameters: number): MetadataEntry[] {
  const { config, name, license, weightType } = model;
  return [
    { key: "general.architecture", type: "string", value: config.architecture },
    { key: "general.type", type: "string", value: "model" },
    { key: "general.name", type: "string", value: name },
    { key: "general.size_label", type: "string", value: sizeLabel(numParameters) },
    ...(license === undefined
      ? []
      : [{ key: "general.license", type: "string", value: license } satisfies MetadataEntry]),
    { key: "general.file_type", type: "uint32", value: WRITTEN_TYPES[weightType].fileType },
    { key: "general.quantization_version", type: "uint32", value: QUANTIZATION_VERSION },
  ];
}

function architectureEntries({ config }: GgufModel): MetadataEntry[] {
  const prefix = config.architecture;
  const uint = (key: string, value: number): MetadataEntry => ({
    key: `${prefix}.${key}`,
    type: "uint32",
    value,
  });
  const float = (key: string, value: number): MetadataEntry => ({
    key: `${prefix}.${key}`,
    type: "float32",
    value,
  });
  return [
    uint("context_length", config.maxPositionEmbeddings),
    uint("embedding_length", config.hiddenSize),
    uint("block_count", config.numLayers),
    uint("feed_forward_length", config.intermediateSize),
    uint("attention.head_count", config.numAttentionHeads),
    uint("attention.head_count_kv", config.numKeyValueHeads),
    uint("attention.key_length", config.headDim),
    uint("attention.value_length", config.headDim),
    float("attention.layer_norm_rms_epsilon", config.rmsNormEps),
    uint("rope.dimension_count", config.headDim),
    float("rope.freq_base", config.ropeTheta),
    uint("vocab_size", config.vocabSize),
  ];
}

function tokenizerEntries(model: GgufModel): MetadataEntry[] {
  const { config, tokenizerJson, specialTokens, chatTemplate } = model;
  const file = "tokenizer.json";
  const vocabulary = toVocabulary(tokenizerJson, config.vocabSize, file);
  const endOfText = specialId(vocabulary, specialTokens.endOfText, file);
  const endOfTurn = specialId(vocabulary, specialTokens.endOfTurn, file);
  return [
    { key: "tokenizer.ggml.model", type: "string", value: "gpt2" },
    { key: "tokenizer.ggml.pre", type: "string", value: preTokenizerName(tokenizerJson) },
    { key: "tokenizer.ggml.tokens", type: "string[]", value: vocabulary.tokens },
    {
      key: "tokenizer.ggml.token_type",
      type: "int32[]",
      value: vocabulary.kinds.map((kind) => TOKEN_TYPES[kind]),
    },
    { key: "tokenizer.ggml.merges", type: "string[]", value: vocabulary.merges },
    { key: "tokenizer.ggml.bos_token_id", type: "uint32", value: endOfText },
    { key: "tokenizer.ggml.eos_token_id", type: "uint32", value: endOfTurn },
    { key: "tokenizer.ggml.eot_token_id", type: "uint32", value: endOfTurn },
    { key: "tokenizer.ggml.padding_token_id", type: "uint32", value: endOfText },
    { key: "tokenizer.ggml.add_bos_token", type: "bool", value: false },
    { key: "tokenizer.chat_template", type: "string", value: chatTemplate },
  ];
}

/** llama.cpp splits by a name, not by the file's regex: another regex would give other ids without a word. */
function preTokenizerName({ pre_tokenizer: { pretokenizers } }: TokenizerJson): string {
  const [split] = pretokenizers;
  if (split.pattern.Regex === QWEN2_PATTERN && !split.invert) return "qwen2";
  throw new HomegrownError({
    code: "models/unsupported-tokenizer",
    kind: "invalid-input",
    message:
      "tokenizer.json: pre_tokenizer: its regex is not Qwen2's, so llama.cpp would split text differently",
    hint: "Use a tokenizer that `homegrown data` made, or convert with llama.cpp's own script.",
  });
}

/** As model cards write it: 17.3M, 1.5B. */
function sizeLabel(numParameters: number): string {
  const [unit, letter] = numParameters < 1e6 ? [1e3, "K"] : numParameters < 1e9 ? [1e6, "M"] : [1e9, "B"];
  return `${Number((numParameters / (unit as number)).toPrecision(3))}${letter}`;
}

/** Key, type and value of one entry as the file holds them. */
export function encodeEntry(entry: MetadataEntry): Buffer {
  return Buffer.concat([encodeString(entry.key), encodeValue(entry)]);
}

function encodeValue(entry: MetadataEntry): Buffer {
  switch (entry.type) {
    case "string":
      return Buffer.concat([uint32(VALUE_TYPES.string), encodeString(entry.value)]);
    case "uint32":
      return Buffer.concat([uint32(VALUE_TYPES.uint32), uint32(entry.value)]);
    case "float32":
      return Buffer.concat([uint32(VALUE_TYPES.float32), Buffer.from(Float32Array.of(entry.value).buffer)]);
    case "bool":
      return Buffer.concat([uint32(VALUE_TYPES.bool), Buffer.of(entry.value ? 1 : 0)]);
    case "string[]":
      return encodeArray(
        VALUE_TYPES.string,
        entry.value.length,
        Buffer.concat(entry.value.map(encodeString)),
      );
    case "int32[]":
      return encodeArray(
        VALUE_TYPES.int32,
        entry.value.length,
        Buffer.from(Int32Array.from(entry.value).buffer),
      );
  }
}

function encodeArray(elementType: number, length: number, elements: Buffer): Buffer {
  return Buffer.concat([uint32(VALUE_TYPES.array), uint32(elementType), uint64(length), elements]);
}

export function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
