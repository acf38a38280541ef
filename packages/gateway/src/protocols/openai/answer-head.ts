import { randomUUID } from "node:crypto";
import type { Usage } from "../../core/answer.ts";

/** What every chunk of one answer repeats. */
export interface AnswerHead {
  id: string;
  /** Unix time in seconds. */
  created: number;
  /** The name that the client asked for. */
  model: string;
  /** The immutable version that answered; OpenAI's `system_fingerprint`. */
  version: string;
}

export function newAnswerHead(idPrefix: string, model: string, version: string): AnswerHead {
  return {
    id: `${idPrefix}-${randomUUID().replaceAll("-", "")}`,
    created: Math.floor(Date.now() / 1000),
    model,
    version,
  };
}

/** The head as the beginning of a JSON object, built once for all chunks of a stream. */
export function renderHead(head: AnswerHead, object: string): string {
  return (
    `{"id":"${head.id}","object":"${object}","created":${head.created},` +
    `"model":${JSON.stringify(head.model)},"system_fingerprint":${JSON.stringify(head.version)}`
  );
}

export function renderUsage({ inputTokens, outputTokens }: Usage): string {
  return (
    `{"prompt_tokens":${inputTokens},"completion_tokens":${outputTokens},` +
    `"total_tokens":${inputTokens + outputTokens}}`
  );
}
