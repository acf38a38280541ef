import type { TokenLogProbability } from "@homegrown/contracts";
import { toFiniteLogprob } from "../finite-logprob.ts";

/** OpenAI's `logprobs` of a chat choice: for each token its text, bytes and likeliest alternatives. */
export function renderChatLogprobs(tokens: readonly TokenLogProbability[]): string {
  const content = tokens.map(({ text, bytes, logProbability, top }) => ({
    token: text,
    logprob: toFiniteLogprob(logProbability),
    bytes,
    top_logprobs: top.map((other) => ({
      token: other.text,
      logprob: toFiniteLogprob(other.logProbability),
      bytes: other.bytes,
    })),
  }));
  return `{"content":${JSON.stringify(content)},"refusal":null}`;
}
