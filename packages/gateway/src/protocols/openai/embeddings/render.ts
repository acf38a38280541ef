import type { TokenUsage } from "../../../core/token-usage.ts";

/** OpenAI's list of embeddings as JSON. Its own clients ask for base64 unless told otherwise. */
export function renderEmbeddings(
  model: string,
  vectors: readonly (readonly number[])[],
  { input }: TokenUsage,
  format: "float" | "base64",
): string {
  const data = vectors.map((vector, index) => {
    const embedding = format === "base64" ? `"${toBase64(vector)}"` : `[${vector.join(",")}]`;
    return `{"object":"embedding","index":${index},"embedding":${embedding}}`;
  });
  return (
    `{"object":"list","data":[${data.join(",")}],"model":${JSON.stringify(model)},` +
    `"usage":{"prompt_tokens":${input},"total_tokens":${input}}}`
  );
}

/** 32-bit floats, little-endian. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(vector.length * 4);
  for (let i = 0; i < vector.length; i++) bytes.writeFloatLE(vector[i]!, i * 4);
  return bytes.toString("base64");
}
