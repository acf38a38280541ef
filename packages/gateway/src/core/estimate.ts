// Our own count where a provider reported none (an answer that was broken off, a server that does not count).
// Four bytes a token is the field's usual rule of thumb for English and code; rows that use it are marked.
import { HIDDEN_TOKENS } from "./bounds.ts";
import { DIALECT_READERS } from "./dialects/dialect-readers.ts";
import { toRecord } from "./dialects/event-scan.ts";
import type { ModelRequest } from "./model-request.ts";
import type { TokenUsage } from "./token-usage.ts";

const BYTES_PER_TOKEN = 4;

export function estimateInputTokens(request: ModelRequest): number {
  if (request.estimatedInputTokens !== undefined) return request.estimatedInputTokens();
  // The bound holds what providers may add out of sight; a guess must not charge for it.
  return Math.max(1, Math.ceil((request.maxInputTokens - HIDDEN_TOKENS) / BYTES_PER_TOKEN));
}

/** What an answer cost in tokens, as far as anybody knows. Our own count stays below `mostOutput`. */
export function completeUsage(
  reported: TokenUsage | undefined,
  textBytes: number,
  request: ModelRequest,
  isWhole: boolean,
  mostOutput = Infinity,
): TokenUsage {
  const counted = Math.min(Math.ceil(textBytes / BYTES_PER_TOKEN), mostOutput);
  const usage = countUsage(reported, counted, request, isWhole);
  const told = DIALECT_READERS[request.dialect].usageOfRequest?.(toRecord(request.body));
  return told ? { ...told, ...usage } : usage;
}

/** What was reported, completed by our count where the answer holds more text than the report knows of. */
function countUsage(
  reported: TokenUsage | undefined,
  counted: number,
  request: ModelRequest,
  isWhole: boolean,
): TokenUsage {
  if (reported && isWhole) return reported;
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
