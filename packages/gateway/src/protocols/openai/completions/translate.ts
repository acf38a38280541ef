import type { CompletionModel } from "@homegrown/contracts";
import { generateCompletions, streamCompletions, toTokenUsage } from "../../../core/completion.ts";
import type { CompletionBatch } from "../../../core/completion.ts";
import type { CompletionTranslation, PortContext, PortPart, PortRun } from "../../../core/model-request.ts";
import type { TokenUsage } from "../../../core/token-usage.ts";
import { sortOutFields } from "../field-table.ts";
import { invalidRequest } from "../invalid-request.ts";
import { compact, toStopSequences } from "../sampling-fields.ts";
import { COMPLETION_FIELDS } from "./fields.ts";
import { renderTextCompletion } from "./render.ts";
import type { TextCompletionBody } from "./request.ts";
import { TextCompletionStream } from "./stream.ts";

/** OpenAI's default for this endpoint; the chat endpoint has none. */
export const DEFAULT_MAX_TOKENS = 16;

/** The request over the completion port. Throws `gateway/invalid-request` for what it cannot say. */
export function translateCompletion(
  body: TextCompletionBody,
  prompts: readonly (string | number[])[],
): CompletionTranslation {
  const dropped = sortOutFields(COMPLETION_FIELDS, body);
  const numChoicesPerPrompt = body.n ?? 1;
  checkExpressible(body, numChoicesPerPrompt);
  const options = {
    includeUsage: body.stream_options?.include_usage ?? false,
    logProbabilities: typeof body.logprobs === "number",
    numChoicesPerPrompt,
    echoes: prompts.map((prompt) => (body.echo ? toEcho(prompt, body.logprobs) : "")),
  };
  const batch: CompletionBatch = {
    prompts,
    numChoicesPerPrompt,
    seed: body.seed ?? undefined,
    call: compact({
      maxOutputTokens: body.max_tokens ?? DEFAULT_MAX_TOKENS,
      temperature: body.temperature,
      topP: body.top_p,
      topK: body.top_k && body.top_k > 0 ? body.top_k : undefined,
      presencePenalty: body.presence_penalty,
      frequencyPenalty: body.frequency_penalty,
      stopSequences: toStopSequences(body.stop),
      logitBias: body.logit_bias,
      logProbabilities: typeof body.logprobs === "number" || undefined,
      topLogProbabilities: body.logprobs,
    }),
  };
  return {
    port: "completion",
    dropped,
    run: (model, context) => runCompletion(batch, options, body.stream ?? false, model, context),
  };
}

type Options = ConstructorParameters<typeof TextCompletionStream>[1];

function runCompletion(
  batch: CompletionBatch,
  options: Options,
  streamed: boolean,
  model: CompletionModel,
  context: PortContext,
): PortRun {
  const capped = capOutput(batch, context.maxOutputTokens);
  return streamed
    ? { kind: "stream", parts: streamParts(capped, options, model, context) }
    : { kind: "whole", answer: answerWhole(capped, options, model, context) };
}

async function answerWhole(
  batch: CompletionBatch,
  options: Options,
  model: CompletionModel,
  context: PortContext,
): Promise<{ body: string; usage: TokenUsage }> {
  const answer = await generateCompletions(batch, model, context);
  return { body: renderTextCompletion(context.head, options, answer), usage: toTokenUsage(answer.usage) };
}

async function* streamParts(
  batch: CompletionBatch,
  options: Options,
  model: CompletionModel,
  context: PortContext,
): AsyncGenerator<PortPart, void, undefined> {
  const stream = new TextCompletionStream(context.head, options);
  for await (const event of streamCompletions(batch, model, context)) {
    const text = stream.render(event);
    if (event.type === "end") yield { text, usage: toTokenUsage(event.usage) };
    else if (text !== "")
      yield { text, textBytes: event.type === "text" ? Buffer.byteLength(event.text) : 0 };
  }
}

/** Budgets may leave less output than the client asked for. */
function capOutput(batch: CompletionBatch, cap: number | undefined): CompletionBatch {
  const { maxOutputTokens } = batch.call;
  if (cap === undefined || (maxOutputTokens !== undefined && maxOutputTokens <= cap)) return batch;
  return { ...batch, call: { ...batch.call, maxOutputTokens: cap } };
}

function checkExpressible(body: TextCompletionBody, numChoicesPerPrompt: number): void {
  if (body.best_of && body.best_of !== numChoicesPerPrompt) {
    throw invalidRequest(
      "best_of",
      "unsupported",
      "The models behind this name do not generate choices in order to drop some of them.",
      "Leave 'best_of' out, and choose among 'n' choices yourself.",
    );
  }
  if (body.max_tokens === 0) {
    throw invalidRequest(
      "max_tokens",
      "unsupported",
      "'max_tokens' is 0; the models behind this name answer with one token at least.",
      "Ask for one token or more.",
    );
  }
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
