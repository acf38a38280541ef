// Our own count where a provider reported none (an answer that was broken off, a server that does not count).
// Four bytes a token is the field's usual rule of thumb for English and code; rows that use it are marked.
import type { ModelRequest } from "./model-request.ts";
import type { TokenUsage } from "./token-usage.ts";

const BYTES_PER_TOKEN = 4;

export function estimateInputTokens(request: ModelRequest): number {
  return Math.ceil(request.maxInputTokens / BYTES_PER_TOKEN);
}

/** What was reported, completed by our count where the answer holds more text than the report knows of. */
export function completeUsage(
  reported: TokenUsage | undefined,
  textBytes: number,
  request: ModelRequest,
  isWhole: boolean,
): TokenUsage {
  if (reported && isWhole) return reported;
  const counted = Math.ceil(textBytes / BYTES_PER_TOKEN);
  if (!reported) {
    return {
      input: estimateInputTokens(request),
      cacheRead: 0,
      cacheWrite: 0,
      output: counted,
      reasoning: 0,
      estimated: true,
    };
  }
  // Broken off after a part of the report came (Anthropic's input tokens come first): the rest is counted.
  if (reported.output >= counted) return reported;
  return { ...reported, output: counted, estimated: true };
}
