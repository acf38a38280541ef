// https://platform.openai.com/docs/api-reference/completions/create
import { z } from "zod";
import type { CompletionBatch } from "../../../core/completion.ts";
import { invalidRequest } from "../invalid-request.ts";
import { never, parseRequest } from "../parse-request.ts";
import type { UnsupportedFields } from "../parse-request.ts";
import { compact, samplingFields, toStopSequences } from "../sampling-fields.ts";

/** OpenAI's default for this endpoint; the chat endpoint has none. */
const DEFAULT_MAX_TOKENS = 16;

const tokenId = z.int().min(0).max(0xffff_ffff);
const requestSchema = z.object({
  ...samplingFields,
  prompt: z.union(
    [
      z.string(),
      z.array(z.string()).min(1),
      z.array(tokenId).min(1),
      z.array(z.array(tokenId).min(1)).min(1),
    ],
    { error: "expected a string, strings, token ids, or arrays of token ids, none of them empty" },
  ),
  logprobs: z.int().min(0).max(20).nullish(),
  echo: z.boolean().nullish(),
  best_of: z.int().min(1).nullish(),
});

const UNSUPPORTED: UnsupportedFields = {
  suffix: (value) => value === "",
  response_format: never,
};

export interface TextCompletionRequest extends CompletionBatch {
  model: string;
  stream: boolean;
  includeUsage: boolean;
  logProbabilities: boolean;
  /** For each prompt what its choices' texts begin with: the prompt itself with `echo`, else nothing. */
  echoes: readonly string[];
}

/** Throws `gateway/invalid-request`. */
export function parseTextCompletion(value: unknown, maxChoices: number): TextCompletionRequest {
  const body = parseRequest(requestSchema, UNSUPPORTED, value);
  const numChoicesPerPrompt = body.n ?? 1;
  const prompts = toPrompts(body.prompt);
  if (prompts.length * numChoicesPerPrompt > maxChoices) {
    throw invalidRequest(
      "prompt",
      "value",
      `${prompts.length} prompts of ${numChoicesPerPrompt} choices are more than the ${maxChoices} choices that one request may ask for.`,
      "Send fewer prompts per request.",
    );
  }
  if (body.best_of && body.best_of !== numChoicesPerPrompt) {
    throw invalidRequest(
      "best_of",
      "unsupported",
      "This server does not generate choices in order to drop some of them.",
      "Leave 'best_of' out, and choose among 'n' choices yourself.",
    );
  }
  return {
    model: body.model,
    stream: body.stream ?? false,
    includeUsage: body.stream_options?.include_usage ?? false,
    logProbabilities: typeof body.logprobs === "number",
    echoes: prompts.map((prompt) => (body.echo ? toEcho(prompt, body.logprobs) : "")),
    prompts,
    numChoicesPerPrompt,
    seed: body.seed ?? undefined,
    call: compact({
      maxOutputTokens: body.max_tokens ?? DEFAULT_MAX_TOKENS,
      temperature: body.temperature,
      topP: body.top_p,
      presencePenalty: body.presence_penalty,
      frequencyPenalty: body.frequency_penalty,
      stopSequences: toStopSequences(body.stop),
      logitBias: body.logit_bias,
      logProbabilities: typeof body.logprobs === "number" || undefined,
      topLogProbabilities: body.logprobs,
    }),
  };
}

function toPrompts(prompt: z.output<typeof requestSchema>["prompt"]): (string | number[])[] {
  if (typeof prompt === "string") return [prompt];
  if (typeof prompt[0] === "number") return [prompt as number[]];
  return prompt as string[] | number[][];
}

function toEcho(prompt: string | readonly number[], logprobs: number | null | undefined): string {
  if (typeof prompt === "string" && typeof logprobs !== "number") return prompt;
  throw invalidRequest(
    "echo",
    "unsupported",
    "'echo' is supported for prompts of text without 'logprobs' only.",
    "Leave 'echo' out, or send the prompt as text and without 'logprobs'.",
  );
}
