// A language model for tests: real (it learns from text, samples, reports its own probabilities), behind
// the same ports as a served model, deterministic for a seed, and quick to make.
import { HomegrownError } from "@homegrown/contracts";
import type { ChatModel, ChatOptionsExtension, CompletionModel } from "@homegrown/contracts";
import { ByteMarkov } from "./byte-markov.ts";
import { constrainToJson } from "./json-constraint.ts";
import { generateBytes } from "./markov-generation.ts";
import type { MarkovGeneration, MarkovPart } from "./markov-generation.ts";

type ChatCall = Parameters<ChatModel["doGenerate"]>[0];
type ChatStream = Awaited<ReturnType<ChatModel["doStream"]>>["stream"];
type ChatStreamPart = ChatStream extends ReadableStream<infer Part> ? Part : never;
type ChatUsage = Awaited<ReturnType<ChatModel["doGenerate"]>>["usage"];

export interface MarkovModelOptions {
  modelId: string;
  /** What it learns from; each is one text with an end. */
  documents?: readonly string[];
  order?: number;
  /** In bytes, prompt and answer together. */
  contextLength?: number;
  /** Time that each token takes, on top of computing it. */
  tokenDelayMs?: number;
  /** Breaks down after so many tokens of an answer, as a crashed host would. */
  failAfterTokens?: number;
}

export interface MarkovModel {
  readonly chat: ChatModel;
  readonly completion: CompletionModel;
  readonly contextLength: number;
  readonly markov: ByteMarkov;
  /** Generations that have begun and not ended. */
  readonly running: number;
  /** Tokens made since the model was created. */
  readonly tokensMade: number;
}

/** Sentences with an end, several scripts, and the words that prompts of tests begin with. */
export const DEFAULT_DOCUMENTS: readonly string[] = [
  "user: Say hello.\nassistant: Hello, world! It is a fine day to grow a model.",
  "user: What is the capital of France?\nassistant: The capital of France is Paris, on the river Seine.",
  "user: Count to ten.\nassistant: one, two, three, four, five, six, seven, eight, nine, ten.",
  "user: Order a coffee.\nassistant: Un café crème, s'il vous plaît — à côté de la fenêtre.",
  "user: Greet in Japanese.\nassistant: こんにちは、世界。🌱 is a seedling.",
  "Once upon a time there was a gardener who planted words, and the words grew into sentences.",
  "The quick brown fox jumps over the lazy dog, and the dog does not mind at all.",
];

export function createMarkovModel(options: MarkovModelOptions): MarkovModel {
  const markov = new ByteMarkov(options.documents ?? DEFAULT_DOCUMENTS, options.order ?? 6);
  const contextLength = options.contextLength ?? 4096;
  const state = { running: 0, tokensMade: 0 };

  async function* generate(
    generation: Omit<MarkovGeneration, "maxTokens" | "onToken" | "tokenDelayMs"> & {
      maxTokens: number | undefined;
    },
  ): AsyncGenerator<MarkovPart, void, undefined> {
    const room = contextLength - generation.prompt.length;
    if (room < 1) throw contextExceeded(generation.prompt.length, contextLength);
    const maxTokens = Math.min(generation.maxTokens ?? room, room);
    let made = 0;
    state.running++;
    try {
      yield* generateBytes(markov, {
        ...generation,
        maxTokens,
        tokenDelayMs: options.tokenDelayMs ?? 0,
        onToken: () => {
          state.tokensMade++;
          if (made++ === options.failAfterTokens) throw hostDied(options.modelId);
        },
      });
    } finally {
      state.running--;
    }
  }

  return {
    contextLength,
    markov,
    get running() {
      return state.running;
    },
    get tokensMade() {
      return state.tokensMade;
    },
    completion: {
      modelId: options.modelId,
      async *complete(request) {
        const { prompt, maxOutputTokens, ...rest } = request;
        const ids = typeof prompt === "string" ? [...Buffer.from(prompt, "utf8")] : checkIds(prompt);
        for await (const part of generate({ ...rest, prompt: ids, maxTokens: maxOutputTokens })) {
          if (part.type === "text") yield { type: "text-delta", text: part.text, tokens: part.tokens };
          else {
            const usage = { inputTokens: ids.length, outputTokens: part.outputTokens };
            yield { type: "finish", reason: part.reason, usage };
          }
        }
      },
    },
    chat: toChatModel(options.modelId, (call, prompt) => {
      const { logProbabilities, topLogProbabilities, logitBias } = (call.providerOptions?.["homegrown"] ??
        {}) as ChatOptionsExtension;
      const { maxOutputTokens, temperature, topP, topK, seed, stopSequences, abortSignal } = call;
      const { presencePenalty, frequencyPenalty, responseFormat } = call;
      return generate({
        prompt,
        maxTokens: maxOutputTokens,
        temperature,
        topP,
        topK,
        seed,
        stopSequences,
        abortSignal,
        presencePenalty,
        frequencyPenalty,
        logProbabilities,
        topLogProbabilities,
        logitBias,
        constraint: responseFormat?.type === "json" ? constrainToJson(responseFormat.schema) : undefined,
      });
    }),
  };
}

type Generate = (call: ChatCall, prompt: number[]) => AsyncGenerator<MarkovPart, void, undefined>;

function toChatModel(modelId: string, generate: Generate): ChatModel {
  return {
    specificationVersion: "v4",
    provider: "markov",
    modelId,
    supportedUrls: {},
    async doGenerate(call) {
      const prompt = renderPrompt(call.prompt);
      let text = "";
      const tokens = [];
      for await (const part of generate(call, prompt)) {
        if (part.type === "text") {
          text += part.text;
          tokens.push(...part.tokens);
          continue;
        }
        return {
          content: [{ type: "text", text, ...metadataOf(tokens) }],
          finishReason: { unified: part.reason, raw: part.reason },
          usage: toUsage(prompt.length, part.outputTokens),
          warnings: [],
        };
      }
      throw new Error("a generation ends with its finish");
    },
    async doStream(call) {
      const prompt = renderPrompt(call.prompt);
      const parts = chatParts(generate(call, prompt), prompt.length);
      // What fails before the first part fails the call, as with a provider that answers 4xx.
      const first = await parts.next();
      return { stream: toStream(first, parts) };
    },
  };
}

async function* chatParts(
  parts: AsyncIterable<MarkovPart>,
  inputTokens: number,
): AsyncGenerator<ChatStreamPart, void, undefined> {
  let begun = false;
  for await (const part of parts) {
    if (!begun) {
      begun = true;
      yield { type: "stream-start", warnings: [] };
      yield { type: "text-start", id: "0" };
    }
    if (part.type === "text") {
      yield { type: "text-delta", id: "0", delta: part.text, ...metadataOf(part.tokens) };
      continue;
    }
    yield { type: "text-end", id: "0" };
    const finishReason = { unified: part.reason, raw: part.reason };
    yield { type: "finish", finishReason, usage: toUsage(inputTokens, part.outputTokens) };
  }
}

function toStream(
  first: IteratorResult<ChatStreamPart, void>,
  parts: AsyncGenerator<ChatStreamPart, void, undefined>,
): ReadableStream<ChatStreamPart> {
  let next: IteratorResult<ChatStreamPart, void> | undefined = first;
  return new ReadableStream<ChatStreamPart>(
    {
      async pull(controller) {
        try {
          const { done, value } = next ?? (await parts.next());
          next = undefined;
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.enqueue({ type: "error", error });
          controller.close();
        }
      },
      async cancel() {
        await parts.return();
      },
    },
    { highWaterMark: 0 },
  );
}

function metadataOf(
  tokens: readonly unknown[],
): Pick<ChatStreamPart & { type: "text-delta" }, "providerMetadata"> {
  if (tokens.length === 0) return {};
  return { providerMetadata: { homegrown: { tokens: JSON.parse(JSON.stringify(tokens)) } } };
}

function toUsage(inputTokens: number, outputTokens: number): ChatUsage {
  return {
    inputTokens: { total: inputTokens, noCache: inputTokens, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: outputTokens, text: outputTokens, reasoning: undefined },
  };
}

/** Its chat template: one line a message, and the beginning of the answer's. */
function renderPrompt(messages: ChatCall["prompt"]): number[] {
  const lines = messages.map(({ role, content }) => {
    const text =
      typeof content === "string"
        ? content
        : content.map((part) => (part.type === "text" ? part.text : "")).join("");
    return `${role}: ${text}\n`;
  });
  return [...Buffer.from(`${lines.join("")}assistant: `, "utf8")];
}

function checkIds(ids: readonly number[]): number[] {
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id > 255);
  if (wrong === undefined) return [...ids];
  throw new HomegrownError({
    code: "testing/unknown-token",
    kind: "invalid-input",
    message: `The prompt holds the token id ${wrong}; this model's ids are bytes, 0 to 255.`,
    hint: "Send ids that the model's tokenizer makes.",
  });
}

function contextExceeded(length: number, contextLength: number): HomegrownError {
  return new HomegrownError({
    code: "testing/context-exceeded",
    kind: "invalid-input",
    message: `The prompt has ${length} tokens; the model's context holds ${contextLength}.`,
    hint: "Send a shorter prompt.",
  });
}

function hostDied(modelId: string): HomegrownError {
  return new HomegrownError({
    code: "testing/host-died",
    kind: "unavailable",
    message: `The host of model ${JSON.stringify(modelId)} ended in the middle of an answer.`,
    hint: "Send the request again.",
    retryable: true,
  });
}
