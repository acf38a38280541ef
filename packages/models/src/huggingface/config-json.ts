// `config.json` as transformers 5 writes it for Qwen3ForCausalLM and LlamaForCausalLM, and back. The rotary
// base stands twice: in `rope_parameters` (transformers 5) and as `rope_theta` (transformers 4, llama.cpp's
// converter, and other readers).
import { decoderConfigSchema } from "@homegrown/contracts";
import type { DecoderConfig } from "@homegrown/contracts";
import { z } from "zod";
import { malformed, shown, unsupported } from "../weights/malformed.ts";

const DTYPES = { F32: "float32", F16: "float16", BF16: "bfloat16" } as const;
const CLASSES = { qwen3: "Qwen3ForCausalLM", llama: "LlamaForCausalLM" } as const;

export interface TokenIds {
  endOfText: number;
  endOfTurn: number;
}

export function toConfigJson(
  config: DecoderConfig,
  ids: TokenIds,
  weightType: keyof typeof DTYPES,
): Record<string, unknown> {
  const perArchitecture =
    config.architecture === "qwen3"
      ? {
          layer_types: Array.from({ length: config.numLayers }, () => "full_attention"),
          max_window_layers: config.numLayers,
          sliding_window: null,
          use_sliding_window: false,
        }
      : { mlp_bias: false, pretraining_tp: 1 };
  return {
    architectures: [CLASSES[config.architecture]],
    attention_bias: false,
    attention_dropout: 0,
    bos_token_id: null,
    dtype: DTYPES[weightType],
    eos_token_id: ids.endOfTurn,
    head_dim: config.headDim,
    hidden_act: "silu",
    hidden_size: config.hiddenSize,
    initializer_range: 0.02,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositionEmbeddings,
    model_type: config.architecture,
    num_attention_heads: config.numAttentionHeads,
    num_hidden_layers: config.numLayers,
    num_key_value_heads: config.numKeyValueHeads,
    pad_token_id: ids.endOfText,
    rms_norm_eps: config.rmsNormEps,
    rope_parameters: { rope_theta: config.ropeTheta, rope_type: "default" },
    rope_theta: config.ropeTheta,
    tie_word_embeddings: config.tieWordEmbeddings,
    use_cache: true,
    vocab_size: config.vocabSize,
    ...perArchitecture,
  };
}

const ropeSchema = z.looseObject({
  rope_theta: z.number().positive().optional(),
  rope_type: z.string().optional(),
  partial_rotary_factor: z.number().optional(),
});

const configSchema = z.looseObject({
  model_type: z.string(),
  hidden_size: z.number(),
  intermediate_size: z.number(),
  num_hidden_layers: z.number(),
  num_attention_heads: z.number(),
  num_key_value_heads: z.number().nullish(),
  head_dim: z.number().nullish(),
  vocab_size: z.number(),
  max_position_embeddings: z.number(),
  rms_norm_eps: z.number(),
  rope_theta: z.number().positive().optional(),
  rope_parameters: ropeSchema.nullish(),
  rope_scaling: ropeSchema.nullish(),
  tie_word_embeddings: z.boolean().default(false),
  hidden_act: z.string().default("silu"),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  use_sliding_window: z.boolean().default(false),
  quantization_config: z.unknown().optional(),
});

/**
 * Throws `models/malformed-file` for a field of the wrong kind, and `models/unsupported-model` for a field
 * whose value changes the mathematics in a way that the decoder does not compute (biases, sliding
 * windows, scaled rotary embeddings, other activations): those never pass silently.
 */
export function parseConfigJson(json: unknown, file: string): DecoderConfig {
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) throw firstIssue(parsed.error, file);
  const found = parsed.data;
  const architecture = found.model_type;
  if (architecture !== "qwen3" && architecture !== "llama") {
    throw unsupported(file, "model_type", `${shown(architecture)}; known are "qwen3" and "llama"`);
  }
  refuse(file, "hidden_act", found.hidden_act, "silu");
  refuse(file, "attention_bias", found.attention_bias, false);
  refuse(file, "mlp_bias", found.mlp_bias, false);
  refuse(file, "use_sliding_window", found.use_sliding_window, false);
  refuse(file, "quantization_config", found.quantization_config ?? null, null);
  const headDim =
    found.head_dim ??
    (architecture === "llama" ? Math.floor(found.hidden_size / found.num_attention_heads) : undefined);
  if (headDim === undefined) throw malformed(file, "head_dim", "missing; qwen3 needs it");
  const config = decoderConfigSchema.safeParse({
    architecture,
    vocabSize: found.vocab_size,
    hiddenSize: found.hidden_size,
    intermediateSize: found.intermediate_size,
    numLayers: found.num_hidden_layers,
    numAttentionHeads: found.num_attention_heads,
    numKeyValueHeads: found.num_key_value_heads ?? found.num_attention_heads,
    headDim,
    maxPositionEmbeddings: found.max_position_embeddings,
    ropeTheta: ropeTheta(found, file),
    rmsNormEps: found.rms_norm_eps,
    tieWordEmbeddings: found.tie_word_embeddings,
  });
  if (!config.success) throw firstIssue(config.error, file);
  return config.data;
}

function ropeTheta(found: z.infer<typeof configSchema>, file: string): number {
  for (const field of ["rope_parameters", "rope_scaling"] as const) {
    refuse(file, `${field}.rope_type`, found[field]?.rope_type ?? "default", "default");
    refuse(file, `${field}.partial_rotary_factor`, found[field]?.partial_rotary_factor ?? 1, 1);
  }
  const current = found.rope_parameters?.rope_theta;
  const former = found.rope_theta;
  if (current !== undefined && former !== undefined && current !== former) {
    throw malformed(file, "rope_theta", `${former}, but rope_parameters.rope_theta is ${current}`);
  }
  return current ?? former ?? 10_000;
}

function refuse(file: string, field: string, got: unknown, supported: unknown): void {
  if (got !== supported)
    throw unsupported(file, field, `${shown(got)}; only ${shown(supported)} is computed`);
}

function firstIssue(error: z.ZodError, file: string): Error {
  const issue = error.issues[0]!;
  return malformed(file, issue.path.join(".") || "configuration", issue.message);
}
