import type { TokenLogProbability } from "@homegrown/contracts";

/** OpenAI's `logprobs` of a chat choice: for each token its text, bytes and likeliest alternatives. */
export function renderChatLogprobs(tokens: readonly TokenLogProbability[]): string {
  const content = tokens.map(({ text, bytes, logProbability, top }) => ({
    token: text,
    logprob: finite(logProbability),
    bytes,
    top_logprobs: top.map((other) => ({
      token: other.text,
      logprob: finite(other.logProbability),
      bytes: other.bytes,
    })),
  }));
  return `{"content":${JSON.stringify(content)},"refusal":null}`;
}

/** JSON has no -Infinity; OpenAI writes -9999.0 for a token that could not be. */
export function finite(logProbability: number): number {
  return Number.isFinite(logProbability) ? logProbability : -9999;
}
