// How many tokens a prompt can be at most, without a tokenizer. Budgets reserve by this bound, so it must hold
// for every model: byte-level and byte-fallback tokenizers make at most one token of a byte, a JSON body is at
// least as long as its text, and what templates add per message is shorter than the JSON around it.

/** Above what any provider counts for one image at its highest detail. */
const MAX_IMAGE_TOKENS = 16_384;
/** Above what providers add out of sight: tool instructions, safety preambles. */
export const HIDDEN_TOKENS = 1_024;

export interface MediaParts {
  numImages: number;
  /** Length of the images' base64 text in the body. */
  imageBytes: number;
}

/** Files and audio stay counted by their bytes: a page or a second is worth less than its base64. */
export function boundInputTokens(bodyBytes: number, { numImages, imageBytes }: MediaParts): number {
  return bodyBytes - imageBytes + numImages * MAX_IMAGE_TOKENS + HIDDEN_TOKENS;
}
