// The decoder's parameters: Hugging Face's names and layouts, and an initialisation and learning-rate scale
// that let one learning rate serve every width (Yang et al. 2022, "Tensor Programs V"; Yang, Simon &
// Bernstein 2023, "A Spectral Condition for Feature Learning"). With n the width that a map reads:
//   inside matrices   std 1/√n                     AdamW rate ∝ 1/n
//   output matrices   the same, ÷ √(2·layers)      AdamW rate ∝ 1/n     (o_proj, down_proj: Radford et al. 2019)
//   embedding         std constant                 AdamW rate constant  (its input is one-hot)
//   head              std ∝ 1/n                    AdamW rate ∝ 1/n
// A tied table is embedding and head at once; it takes the geometric mean of the two. Constants are chosen so
// that at BASE_WIDTH everything is 1/√n with a scale of 1.
import type { DecoderConfig } from "@homegrown/contracts";
import type { Initialisation, ParameterSpec } from "@homegrown/engine";

/** Width at which learning rates are quoted. */
const BASE_WIDTH = 256;

const ONES: Initialisation = { kind: "ones" };

function norm(name: string, width: number): ParameterSpec {
  return { name, shape: [width], init: ONES, role: "norm", decay: false, learningRateScale: 1 };
}

function matrix(name: string, outWidth: number, inWidth: number, depthScale = 1): ParameterSpec {
  return {
    name,
    shape: [outWidth, inWidth],
    init: { kind: "normal", std: depthScale / Math.sqrt(inWidth) },
    role: "matrix",
    decay: true,
    learningRateScale: BASE_WIDTH / inWidth,
  };
}

export const EMBEDDING = "model.embed_tokens.weight";
export const HEAD = "lm_head.weight";
export const FINAL_NORM = "model.norm.weight";

/** The name of a parameter of one layer, for example `layerParameter(0, "mlp.up_proj")`. */
export function layerParameter(layer: number, part: string): string {
  return `model.layers.${layer}.${part}.weight`;
}

/** Every parameter of a decoder, in the order in which the forward pass meets them. */
export function parameterSpecs(config: DecoderConfig): ParameterSpec[] {
  const { vocabSize, hiddenSize, numLayers, tieWordEmbeddings } = config;
  const table = [vocabSize, hiddenSize];
  const widthRatio = BASE_WIDTH / hiddenSize;
  const embedding: ParameterSpec = {
    name: EMBEDDING,
    shape: table,
    init: { kind: "normal", std: 1 / Math.sqrt(tieWordEmbeddings ? hiddenSize : BASE_WIDTH) },
    role: "embedding",
    decay: true,
    learningRateScale: tieWordEmbeddings ? Math.sqrt(widthRatio) : 1,
  };
  const head: ParameterSpec = {
    name: HEAD,
    shape: table,
    init: { kind: "normal", std: Math.sqrt(BASE_WIDTH) / hiddenSize },
    role: "head",
    decay: true,
    learningRateScale: widthRatio,
  };
  return [
    embedding,
    ...Array.from({ length: numLayers }, (_, layer) => layerSpecs(config, layer)).flat(),
    norm(FINAL_NORM, hiddenSize),
    ...(tieWordEmbeddings ? [] : [head]),
  ];
}

function layerSpecs(config: DecoderConfig, layer: number): ParameterSpec[] {
  const { hiddenSize, intermediateSize, numLayers, numAttentionHeads, numKeyValueHeads, headDim } = config;
  const name = (part: string): string => layerParameter(layer, part);
  const queryWidth = numAttentionHeads * headDim;
  const keyWidth = numKeyValueHeads * headDim;
  const depthScale = 1 / Math.sqrt(2 * numLayers);
  return [
    norm(name("input_layernorm"), hiddenSize),
    matrix(name("self_attn.q_proj"), queryWidth, hiddenSize),
    matrix(name("self_attn.k_proj"), keyWidth, hiddenSize),
    matrix(name("self_attn.v_proj"), keyWidth, hiddenSize),
    ...(config.architecture === "qwen3"
      ? [norm(name("self_attn.q_norm"), headDim), norm(name("self_attn.k_norm"), headDim)]
      : []),
    matrix(name("self_attn.o_proj"), hiddenSize, queryWidth, depthScale),
    norm(name("post_attention_layernorm"), hiddenSize),
    matrix(name("mlp.gate_proj"), intermediateSize, hiddenSize),
    matrix(name("mlp.up_proj"), intermediateSize, hiddenSize),
    matrix(name("mlp.down_proj"), hiddenSize, intermediateSize, depthScale),
  ];
}
