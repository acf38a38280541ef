import type { AnswerHead } from "../../core/model-request.ts";
import type { TokenUsage } from "../../core/token-usage.ts";

/** The head as the beginning of a JSON object, built once for all chunks of a stream. */
export function renderHead(head: AnswerHead, idPrefix: string, object: string): string {
  return (
    `{"id":"${idPrefix}-${head.id}","object":"${object}","created":${head.createdAt},` +
    `"model":${JSON.stringify(head.model)},"system_fingerprint":${JSON.stringify(head.version)}`
  );
}

export function renderUsage({ input, cacheRead, cacheWrite, output, reasoning }: TokenUsage): string {
  return (
    `{"prompt_tokens":${input},"completion_tokens":${output},"total_tokens":${input + output},` +
    `"prompt_tokens_details":{"cached_tokens":${cacheRead},"cache_write_tokens":${cacheWrite}},` +
    `"completion_tokens_details":{"reasoning_tokens":${reasoning}}}`
  );
}
