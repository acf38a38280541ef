// The forward pass of a pre-norm decoder, as Hugging Face's Qwen3ForCausalLM computes it (Qwen3 technical
// report, 2025); without the norms on queries and keys it is LlamaForCausalLM. For each layer:
//   x ← x + o_proj(attention(rope(norm(q)), rope(norm(k)), v)),  q, k, v from n(x)
//   x ← x + down_proj(silu(gate_proj(n(x))) ∘ up_proj(n(x)))
//
// Legend: R rows = time · sequences, time-major; M model width; Q query width = heads · headDim; K key width;
// F feed-forward width; D head size.
import type { DecoderConfig } from "@homegrown/contracts";
import type { Graph, Tensor } from "@homegrown/engine";
import { EMBEDDING, FINAL_NORM, HEAD, layerParameter, parameterSpecs } from "./parameters.ts";

export interface RowShape {
  readonly sequences: number;
  readonly sequenceLength: number;
}

export interface DecoderForward {
  /** Final hidden rows, normalised: [R, M]. */
  readonly hidden_RM: Tensor;
  /** The output map [V, M]: the head, or the embedding when tied. */
  readonly head_VM: Tensor;
}

/**
 * Query rows that attention takes at once. Smaller blocks skip more of the upper triangle and copy keys more
 * often; 128 was best at 256 and at 512 tokens (docs/decisions/0002).
 */
function attentionBlockSize(sequenceLength: number): number {
  return sequenceLength <= 128 ? sequenceLength : 128;
}

/** Declares the parameters on the graph and applies the layers to ids int64 [R]. */
export function decoderForward(
  graph: Graph,
  config: DecoderConfig,
  ids_R: Tensor,
  rows: RowShape,
): DecoderForward {
  const specs = new Map(parameterSpecs(config).map((spec) => [spec.name, graph.parameter(spec)]));
  const parameter = (name: string): Tensor => specs.get(name)!;
  const embedding_VM = parameter(EMBEDDING);
  let x_RM = graph.apply("gatherRows", [embedding_VM, ids_R], {});
  for (let layer = 0; layer < config.numLayers; layer++) {
    const weight = (part: string): Tensor => parameter(layerParameter(layer, part));
    x_RM = attentionBlock(graph, config, rows, x_RM, weight);
    x_RM = feedForwardBlock(graph, config, x_RM, weight);
  }
  return {
    hidden_RM: normalise(graph, config, x_RM, parameter(FINAL_NORM)),
    head_VM: config.tieWordEmbeddings ? embedding_VM : parameter(HEAD),
  };
}

type LayerWeights = (part: string) => Tensor;

function attentionBlock(
  graph: Graph,
  config: DecoderConfig,
  { sequences, sequenceLength }: RowShape,
  x_RM: Tensor,
  weight: LayerWeights,
): Tensor {
  const { headDim, ropeTheta: theta } = config;
  const h_RM = normalise(graph, config, x_RM, weight("input_layernorm"));
  const place = (y: Tensor, gain: string): Tensor =>
    graph.apply("rotary", [normaliseHeads(graph, config, y, weight, gain)], { sequences, headDim, theta });
  const q_RQ = place(linear(graph, h_RM, weight("self_attn.q_proj")), "self_attn.q_norm");
  const k_RK = place(linear(graph, h_RM, weight("self_attn.k_proj")), "self_attn.k_norm");
  const v_RK = linear(graph, h_RM, weight("self_attn.v_proj"));
  const blockSize = attentionBlockSize(sequenceLength);
  const o_RQ = graph.apply("causalAttention", [q_RQ, k_RK, v_RK], { sequences, headDim, blockSize });
  return linear(graph, o_RQ, weight("self_attn.o_proj"), x_RM);
}

function feedForwardBlock(graph: Graph, config: DecoderConfig, x_RM: Tensor, weight: LayerWeights): Tensor {
  const h_RM = normalise(graph, config, x_RM, weight("post_attention_layernorm"));
  const gate_RF = linear(graph, h_RM, weight("mlp.gate_proj"));
  const up_RF = linear(graph, h_RM, weight("mlp.up_proj"));
  const y_RF = graph.apply("swiglu", [gate_RF, up_RF], {});
  return linear(graph, y_RF, weight("mlp.down_proj"), x_RM);
}

/** x·Wᵀ (+ residual), W in Hugging Face's [out, in]. */
function linear(graph: Graph, x: Tensor, w: Tensor, residual?: Tensor): Tensor {
  return graph.apply("gemm", residual === undefined ? [x, w] : [x, w, residual], { transposeB: true });
}

function normalise(graph: Graph, config: DecoderConfig, x: Tensor, gain: Tensor): Tensor {
  return graph.apply("rmsNorm", [x, gain], { epsilon: config.rmsNormEps });
}

/** Each head's vector normalised by itself: heads become rows, which is only a view. */
function normaliseHeads(
  graph: Graph,
  config: DecoderConfig,
  x: Tensor,
  weight: LayerWeights,
  gain: string,
): Tensor {
  if (config.architecture !== "qwen3") return x;
  const [rows, width] = x.shape as [number, number];
  const shape = [(rows * width) / config.headDim, config.headDim];
  const heads = graph.apply("reshape", [x], { shape });
  return graph.apply("reshape", [normalise(graph, config, heads, weight(gain))], { shape: x.shape });
}
