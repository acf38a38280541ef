// What every exporter needs of a finished model, whatever the file format.
import type { DecoderConfig, TokenizerJson } from "@homegrown/contracts";

/**
 * Where an exporter gets a parameter by its Hugging Face name. A `Map` is one; so is an open
 * safetensors file, which reads each tensor only when it is asked for.
 */
export interface ParameterSource {
  get(name: string): Float32Array | undefined | Promise<Float32Array | undefined>;
}

/** The two texts at which generation ends. Both are single tokens of the tokenizer. */
export interface SpecialTokens {
  /** Follows each document in training; also pads. */
  endOfText: string;
  /** Closes each turn of a conversation. */
  endOfTurn: string;
}

export const CHATML_SPECIAL_TOKENS: SpecialTokens = { endOfText: "<|endoftext|>", endOfTurn: "<|im_end|>" };

/** How matrices are stored. Norms always stay F32: they are few and the arithmetic is sensitive to them. */
export type WeightType = "F32" | "F16" | "BF16" | "Q8_0";

export interface ExportedModel {
  config: DecoderConfig;
  parameters: ParameterSource;
  /** Byte-level BPE with the `qwen2` pre-tokeniser. */
  tokenizerJson: TokenizerJson;
  /** Jinja source that renders a conversation. */
  chatTemplate: string;
  specialTokens: SpecialTokens;
}
