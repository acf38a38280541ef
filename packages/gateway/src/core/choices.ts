// Several generations as one answer. A stream asks each source for its next part only when the last was
// taken, so a slow reader holds at most one part per running choice in memory; and whatever ends the
// answer (done, failure, reader gone) has ended every source before the caller goes on.
import type { Answer, AnswerEvent, Choice, GenerationPart } from "./answer.ts";
import { modelFailed } from "./model-failed.ts";

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
  const parts = only ? only(run.signal) : interleave(sources, run);
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

type Pending = Promise<{ choice: number; result: IteratorResult<GenerationPart, unknown> }>;

async function* interleave(
  sources: readonly ChoiceSource[],
  run: Run,
): AsyncGenerator<[choice: number, part: GenerationPart], void, undefined> {
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  const iterators = new Map<number, AsyncIterator<GenerationPart, unknown>>();
  const pending = new Map<number, Pending>();
  const advance = (choice: number, iterator: AsyncIterator<GenerationPart, unknown>): void => {
    const next = iterator.next().then((result) => ({ choice, result }));
    // The race below reports the first failure; later ones follow from the abort that it causes.
    next.catch(() => {});
    pending.set(choice, next);
  };
  let started = 0;
  try {
    while (started < sources.length || pending.size > 0) {
      for (; started < sources.length && pending.size < run.parallelChoices; started++) {
        const iterator = sources[started]!(signal)[Symbol.asyncIterator]();
        iterators.set(started, iterator);
        advance(started, iterator);
      }
      const { choice, result } = await Promise.race(pending.values());
      // Deleted and added again, a choice goes to the end of the line: none is starved.
      pending.delete(choice);
      if (result.done) {
        iterators.delete(choice);
        continue;
      }
      yield [choice, result.value];
      advance(choice, iterators.get(choice)!);
    }
  } finally {
    stop.abort();
    await Promise.allSettled([...iterators.values()].map((iterator) => iterator.return?.()));
  }
}

/** Runs the choices to their ends, a bounded number at once; the first failure stops the others. */
export async function collectChoices(
  numChoices: number,
  choicesPerPrompt: number,
  run: Run,
  generate: (choice: number, signal: AbortSignal) => Promise<Choice>,
): Promise<Answer> {
  const choices =
    numChoices === 1 ? [await generate(0, run.signal)] : await generateBounded(numChoices, run, generate);
  const usage = { inputTokens: 0, outputTokens: 0 };
  for (const [index, choice] of choices.entries()) {
    usage.outputTokens += choice.usage.outputTokens;
    if (index % choicesPerPrompt === 0) usage.inputTokens += choice.usage.inputTokens;
  }
  return { choices, usage };
}

async function generateBounded(
  numChoices: number,
  run: Run,
  generate: (choice: number, signal: AbortSignal) => Promise<Choice>,
): Promise<Choice[]> {
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  const choices: Choice[] = [];
  const failures: unknown[] = [];
  let started = 0;
  const work = async (): Promise<void> => {
    while (started < numChoices && failures.length === 0) {
      const choice = started++;
      try {
        choices[choice] = await generate(choice, signal);
      } catch (error) {
        failures.push(error);
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(run.parallelChoices, numChoices) }, work));
  if (failures.length > 0) throw failures[0];
  return choices;
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
