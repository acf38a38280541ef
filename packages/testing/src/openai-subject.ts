import assert from "node:assert/strict";
import type OpenAI from "openai";

/** What a part of the contract is run against. */
export interface OpenAiSubject {
  client: OpenAI;
  model: string;
}

export const QUESTION = [{ role: "user" as const, content: "What is the capital of France?" }];
export const PROMPT = "Once upon a time";

export function checkUsage(usage: OpenAI.CompletionUsage | undefined, maxTokens: number): void {
  assert.ok(usage);
  assert.ok(usage.prompt_tokens > 0);
  assert.ok(usage.completion_tokens > 0 && usage.completion_tokens <= maxTokens);
  assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
  assert.ok(usage.prompt_tokens_details!.cached_tokens! <= usage.prompt_tokens);
  assert.ok(usage.completion_tokens_details!.reasoning_tokens! <= usage.completion_tokens);
}
