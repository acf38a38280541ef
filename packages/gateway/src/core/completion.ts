// Raw continuation over the completion port: every prompt gets `numChoicesPerPrompt` choices, and a prompt
// in a batch is answered as it would be alone (seeds depend on the choice, not on the place in the batch).
import type { CompletionModel, CompletionRequest } from "@homegrown/contracts";
import type { Answer, AnswerEvent, GenerationPart, Usage } from "./answer.ts";
import { collectChoices, collectSource, streamChoices } from "./choices.ts";
import type { Run } from "./choices.ts";
import { seedOfChoice } from "./seeds.ts";
import { NO_USAGE } from "./token-usage.ts";
import type { TokenUsage } from "./token-usage.ts";

export interface CompletionBatch {
  prompts: readonly (string | readonly number[])[];
  call: Omit<CompletionRequest, "prompt" | "seed" | "abortSignal">;
  numChoicesPerPrompt: number;
  seed: number | undefined;
}

/** The whole answer; choice `i * numChoicesPerPrompt + j` is the j-th of prompt i. */
export function generateCompletions(
  batch: CompletionBatch,
  model: CompletionModel,
  run: Run,
): Promise<Answer> {
  return collectChoices(numChoices(batch), batch.numChoicesPerPrompt, run, (choice, signal) =>
    collectSource(completionParts(model, callOfChoice(batch, choice, signal))),
  );
}

/** The same, as it comes into being; ending the iteration early stops the model. */
export function streamCompletions(
  batch: CompletionBatch,
  model: CompletionModel,
  run: Run,
): AsyncGenerator<AnswerEvent, void, undefined> {
  const sources = Array.from(
    { length: numChoices(batch) },
    (_, choice) => (signal: AbortSignal) => completionParts(model, callOfChoice(batch, choice, signal)),
  );
  return streamChoices(sources, batch.numChoicesPerPrompt, run);
}

/** The port counts all that there is: it has no cache that is billed apart, and no reasoning. */
export function toTokenUsage({ inputTokens, outputTokens }: Usage): TokenUsage {
  return { ...NO_USAGE, input: inputTokens, output: outputTokens };
}

function numChoices(batch: CompletionBatch): number {
  return batch.prompts.length * batch.numChoicesPerPrompt;
}

function callOfChoice(batch: CompletionBatch, choice: number, abortSignal: AbortSignal): CompletionRequest {
  const prompt = batch.prompts[Math.floor(choice / batch.numChoicesPerPrompt)]!;
  const seed = seedOfChoice(batch.seed, choice % batch.numChoicesPerPrompt);
  return { ...batch.call, prompt, abortSignal, ...(seed === undefined ? {} : { seed }) };
}

async function* completionParts(
  model: CompletionModel,
  call: CompletionRequest,
): AsyncGenerator<GenerationPart, void, undefined> {
  for await (const part of model.complete(call)) {
    if (part.type === "text-delta") yield { type: "text", text: part.text, tokens: part.tokens };
    else yield { type: "finish", reason: part.reason, usage: part.usage };
  }
}
