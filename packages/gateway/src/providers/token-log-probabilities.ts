// Log-probabilities as OpenAI's chat completions carry them, read from the raw answer: the packages give them
// only once a stream has ended, and clients want them with the text.
import type { ChatMetadataExtension, TokenLogProbability } from "@homegrown/contracts";

interface WireToken {
  token?: unknown;
  logprob?: unknown;
  bytes?: unknown;
}

/** Providers do not tell token ids. */
const UNKNOWN_ID = -1;
const encoder = new TextEncoder();

/** Of `choices[0].logprobs.content` of an answer or a chunk; empty where there are none. */
export function readTokens(raw: unknown): TokenLogProbability[] {
  const choice = (raw as { choices?: { logprobs?: { content?: unknown } | null }[] } | null)?.choices?.[0];
  const content = choice?.logprobs?.content;
  if (!Array.isArray(content)) return [];
  return content.flatMap((entry: WireToken & { top_logprobs?: unknown }) => {
    const token = toToken(entry);
    if (token === undefined) return [];
    const alternatives = Array.isArray(entry.top_logprobs) ? (entry.top_logprobs as WireToken[]) : [];
    return [{ ...token, top: alternatives.flatMap((alternative) => toToken(alternative) ?? []) }];
  });
}

function toToken(entry: WireToken | null): Omit<TokenLogProbability, "top"> | undefined {
  if (entry === null || typeof entry !== "object") return undefined;
  const { token, logprob, bytes } = entry;
  if (typeof token !== "string" || typeof logprob !== "number") return undefined;
  return {
    id: UNKNOWN_ID,
    text: token,
    bytes: Array.isArray(bytes) ? (bytes as number[]) : [...encoder.encode(token)],
    logProbability: logprob,
  };
}

export function toMetadata(tokens: readonly TokenLogProbability[]): { homegrown: { tokens: never } } {
  // The port's metadata is typed as JSON; tokens are.
  return { homegrown: { tokens } satisfies ChatMetadataExtension as { tokens: never } };
}
