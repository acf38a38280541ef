// Several generations of the completion port as one answer, streamed or whole.
import type { Answer, AnswerEvent, Choice, GenerationPart } from "./answer.ts";
import { modelFailed } from "./model-failed.ts";
import { interleave, runBounded } from "./translation/interleave.ts";

export type ChoiceSource = (signal: AbortSignal) => AsyncIterable<GenerationPart>;

/** How a request is worked on, as opposed to what it asks. */
export interface Run {
  signal: AbortSignal;
  /** Choices that the model works on at once. */
  parallelChoices: number;
}

/**
 * The choices' parts in the order in which they arrive. `choicesPerPrompt` consecutive choices share a
 * prompt, whose tokens are counted once.
 */
export async function* streamChoices(
  sources: readonly ChoiceSource[],
  choicesPerPrompt: number,
  run: Run,
): AsyncGenerator<AnswerEvent, void, undefined> {
  const usage = { inputTokens: 0, outputTokens: 0 };
  let finished = 0;
  const only = sources.length === 1 ? sources[0] : undefined;
  const parts = only
    ? only(run.signal)
    : interleave(sources, { signal: run.signal, parallel: run.parallelChoices });
  for await (const item of parts) {
    const [choice, part] = Array.isArray(item) ? item : [0, item];
    if (part.type === "text") {
      yield { type: "text", choice, text: part.text, tokens: part.tokens };
      continue;
    }
    finished++;
    usage.outputTokens += part.usage.outputTokens;
    if (choice % choicesPerPrompt === 0) usage.inputTokens += part.usage.inputTokens;
    yield { type: "finish", choice, reason: part.reason };
  }
  if (finished < sources.length) {
    throw modelFailed("The model's stream ended without saying that it was finished.");
  }
  yield { type: "end", usage };
}

/** Runs the choices to their ends, a bounded number at once; the first failure stops the others. */
export async function collectChoices(
  numChoices: number,
  choicesPerPrompt: number,
  run: Run,
  generate: (choice: number, signal: AbortSignal) => Promise<Choice>,
): Promise<Answer> {
  const options = { signal: run.signal, parallel: run.parallelChoices };
  const choices = await runBounded(numChoices, options, generate);
  const usage = { inputTokens: 0, outputTokens: 0 };
  for (const [index, choice] of choices.entries()) {
    usage.outputTokens += choice.usage.outputTokens;
    if (index % choicesPerPrompt === 0) usage.inputTokens += choice.usage.inputTokens;
  }
  return { choices, usage };
}

/** Reads one source to its end. */
export async function collectSource(source: AsyncIterable<GenerationPart>): Promise<Choice> {
  let text = "";
  const tokens = [];
  let finish: Extract<GenerationPart, { type: "finish" }> | undefined;
  for await (const part of source) {
    if (part.type === "finish") {
      finish = part;
    } else {
      text += part.text;
      if (part.tokens.length > 0) tokens.push(...part.tokens);
    }
  }
  if (!finish) throw modelFailed("The model's stream ended without saying that it was finished.");
  return { text, tokens, reason: finish.reason, usage: finish.usage };
}
