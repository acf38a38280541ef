import type { ChatMetadataExtension, ChatResult, TokenLogProbability } from "@homegrown/contracts";
import { toFiniteLogprob } from "../finite-logprob.ts";

type Metadata = ChatResult["providerMetadata"];

/** The tokens of a text, of models that report them through the port's extension. */
export function tokensOf(metadata: Metadata): readonly TokenLogProbability[] {
  return (metadata?.["homegrown"] as ChatMetadataExtension | undefined)?.tokens ?? [];
}

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
