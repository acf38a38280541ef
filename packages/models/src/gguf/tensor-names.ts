// Hugging Face's parameter names and row order against llama.cpp's (gguf-py `tensor_mapping.py`).

const LAYER_NAMES: Readonly<Record<string, string>> = {
  "input_layernorm.weight": "attn_norm.weight",
  "self_attn.q_proj.weight": "attn_q.weight",
  "self_attn.k_proj.weight": "attn_k.weight",
  "self_attn.v_proj.weight": "attn_v.weight",
  "self_attn.o_proj.weight": "attn_output.weight",
  "self_attn.q_norm.weight": "attn_q_norm.weight",
  "self_attn.k_norm.weight": "attn_k_norm.weight",
  "post_attention_layernorm.weight": "ffn_norm.weight",
  "mlp.gate_proj.weight": "ffn_gate.weight",
  "mlp.up_proj.weight": "ffn_up.weight",
  "mlp.down_proj.weight": "ffn_down.weight",
};

const OUTER_NAMES: Readonly<Record<string, string>> = {
  "model.embed_tokens.weight": "token_embd.weight",
  "model.norm.weight": "output_norm.weight",
  "lm_head.weight": "output.weight",
};

/** `model.layers.3.mlp.up_proj.weight` → `blk.3.ffn_up.weight`; undefined for a name that no decoder has. */
export function toGgufName(name: string): string | undefined {
  const layer = /^model\.layers\.(\d+)\.(.+)$/.exec(name);
  if (layer === null) return OUTER_NAMES[name];
  const inner = LAYER_NAMES[layer[2]!];
  return inner && `blk.${layer[1]}.${inner}`;
}

/**
 * Reorders the rows of a query or key matrix from Hugging Face's rotary layout, where row i of a head turns
 * with row i + headDim/2, to the Llama layout, where neighbours 2i and 2i + 1 turn together (llama.cpp's
 * `convert_hf_to_gguf.py`, `permute`). Qwen3 keeps Hugging Face's layout in GGUF.
 *
 * @param weight [numHeads · headDim, rowLength]
 */
export function interleaveRotaryRows(weight: Float32Array, headDim: number, rowLength: number): Float32Array {
  const result = new Float32Array(weight.length);
  const half = headDim / 2;
  for (let row = 0; row * rowLength < weight.length; row += 1) {
    const head = Math.floor(row / headDim);
    const inHead = row % headDim;
    const target = head * headDim + (inHead % half) * 2 + Math.floor(inHead / half);
    result.set(weight.subarray(row * rowLength, (row + 1) * rowLength), target * rowLength);
  }
  return result;
}
