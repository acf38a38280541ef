// The one place that reaches below node-llama-cpp's public types, whose version is pinned for it. The public
// calls cannot give a token sampled by the user's settings together with the untouched distribution, cannot
// score observed tokens without copying the vocabulary's distribution through a Map, and use one thread count
// for prompts and for single tokens.
import { HomegrownError } from "@homegrown/contracts";
import type {
  Llama,
  LlamaContext,
  LlamaContextSequence,
  LlamaGrammarEvaluationState,
  LlamaModel,
} from "node-llama-cpp";

/** llama.cpp's own sampler chain, configured once: it keeps its random state and the penalised tokens. */
export interface NativeSampler {
  applyConfig(config: Readonly<Record<string, unknown>>): void;
  dispose(): void;
}

/** Ids and probabilities in turn, the most likely first: the softmax of the logits as they come. */
export type Distribution = readonly number[];

interface NativeContext {
  sampleToken(index: number, sampler: NativeSampler): Promise<number>;
  sampleToken(
    index: number,
    sampler: NativeSampler,
    probabilities: boolean,
    confidence: boolean,
  ): Promise<[token: number, probabilities?: number[]]>;
  setThreads(threads: number): void;
  initBatch(size: number): void;
  decodeBatch(): Promise<void>;
}

interface NativeSequence {
  _tokenMeter: unknown;
  _takeIntervalCheckpointIfNeededAfterBatch(length: number): unknown;
  _decodeTokens<T>(
    tokens: readonly number[],
    logits: readonly boolean[],
    evaluationPriority: number,
    tokenMeter: unknown,
    contextShift: { size: number; strategy: "eraseBeginning" },
    mapLogits: (batchIndex: number, tokenIndex: number) => Promise<T>,
    afterBatch: (length: number) => unknown,
  ): Promise<T[]>;
}

interface Internals {
  bindings: { AddonSampler: new (model: unknown) => NativeSampler };
  model: unknown;
  context: NativeContext;
}

/** Batches of at least this many tokens are worth spreading over all threads. */
const SHARED_WORK_TOKENS = 16;
const EVALUATION_PRIORITY = 5;

/** Sampling and decoding over one context. */
export class NativeAccess {
  readonly #internals: Internals;
  /** The first look at the current batch's logits. */
  #first: Promise<unknown> | undefined;

  constructor(llama: Llama, model: LlamaModel, context: LlamaContext) {
    const internals = {
      bindings: Reflect.get(llama, "_bindings"),
      model: Reflect.get(model, "_model"),
      context: Reflect.get(context, "_ctx"),
    } as Internals;
    if (
      typeof internals.bindings?.AddonSampler !== "function" ||
      typeof internals.context?.sampleToken !== "function"
    ) {
      throw new HomegrownError({
        code: "serving/unknown-llama-version",
        kind: "internal",
        message: "node-llama-cpp does not offer the calls that version 3.21.1 has",
        hint: "Install the exact version that package.json names: npm ci.",
      });
    }
    this.#internals = internals;
  }

  createSampler(config: Readonly<Record<string, unknown>>): NativeSampler {
    const sampler = new this.#internals.bindings.AddonSampler(this.#internals.model);
    sampler.applyConfig({ minP: 0, topK: 0, topP: 1, seed: 1, ...config });
    return sampler;
  }

  /** One step: evaluates `tokens` and maps the logits behind the last of them. */
  async decodeLast<T>(
    sequence: LlamaContextSequence,
    tokens: readonly number[],
    mapLogits: (batchIndex: number) => Promise<T>,
  ): Promise<T> {
    const logits: boolean[] = [];
    logits[tokens.length - 1] = true;
    const results = await this.#decode(sequence, tokens, logits, mapLogits);
    return results[tokens.length - 1]!;
  }

  /** Evaluates `tokens` and maps the logits behind each of them. */
  decodeEach<T>(
    sequence: LlamaContextSequence,
    tokens: readonly number[],
    mapLogits: (batchIndex: number, tokenIndex: number) => Promise<T>,
  ): Promise<T[]> {
    const logits = tokens.map(() => true);
    return this.#decode(sequence, tokens, logits, mapLogits);
  }

  /** The next token by the sampler's settings, which the sampler then remembers. */
  async sample(batchIndex: number, sampler: NativeSampler): Promise<number> {
    const { context } = this.#internals;
    const token = await this.#afterFirst(() => context.sampleToken(batchIndex, sampler)).catch(
      (cause: unknown) => {
        throw noTokenPossible(cause);
      },
    );
    if (token < 0) throw noTokenPossible();
    return token;
  }

  /** A sampler that leaves logits as they are, for `distribution`. */
  createObserver(): NativeSampler {
    return this.createSampler({ temperature: 0 });
  }

  /**
   * The distribution before bias, penalty, temperature, filters and grammar. Each request needs an observer of
   * its own: a sampler works in its own buffer, and requests are sampled on several threads at once.
   */
  async distribution(batchIndex: number, observer: NativeSampler): Promise<Distribution> {
    const { context } = this.#internals;
    const [, probabilities] = await this.#afterFirst(() =>
      context.sampleToken(batchIndex, observer, true, false),
    );
    return probabilities ?? [];
  }

  /**
   * A single token's work is split into pieces so small that waiting for each other costs more than a second
   * thread brings, unless the model is large; a prompt's always gains. So each kind gets its own count.
   */
  prepareBatches(threads: { single: number; shared: number }): void {
    const { context } = this.#internals;
    const { initBatch, decodeBatch } = context;
    let batchSize = 0;
    // The addon's methods are read-only; an own property of the instance comes before them.
    Object.defineProperties(context, {
      initBatch: {
        value: (size: number): void => {
          batchSize = size;
          initBatch.call(context, size);
        },
      },
      decodeBatch: {
        value: (): Promise<void> => {
          this.#first = undefined;
          context.setThreads(batchSize >= SHARED_WORK_TOKENS ? threads.shared : threads.single);
          return decodeBatch.call(context);
        },
      },
    });
  }

  /**
   * llama.cpp sorts a batch's rows of logits when they are first looked at, without a lock, and sampling looks
   * from several threads: two first looks at once have been seen to mix rows of different requests. So the
   * first one has the batch to itself.
   */
  async #afterFirst<T>(look: () => Promise<T>): Promise<T> {
    if (this.#first === undefined) {
      const first = look();
      this.#first = first.catch(() => undefined);
      return first;
    }
    await this.#first;
    return look();
  }

  async #decode<T>(
    sequence: LlamaContextSequence,
    tokens: readonly number[],
    logits: readonly boolean[],
    mapLogits: (batchIndex: number, tokenIndex: number) => Promise<T>,
  ): Promise<T[]> {
    const native = sequence as unknown as NativeSequence;
    let failure: { error: unknown } | undefined;
    // An error of one request, thrown inside the batch, would end the process and with it all the others.
    const guarded = async (batchIndex: number, tokenIndex: number): Promise<T | undefined> => {
      try {
        return await mapLogits(batchIndex, tokenIndex);
      } catch (error) {
        failure ??= { error };
        return undefined;
      }
    };
    const results = await native._decodeTokens(
      tokens,
      logits,
      EVALUATION_PRIORITY,
      native._tokenMeter,
      // Never reached: a request ends before its sequence is full.
      { size: 1, strategy: "eraseBeginning" },
      guarded,
      native._takeIntervalCheckpointIfNeededAfterBatch.bind(sequence),
    );
    if (failure !== undefined) throw failure.error;
    return results as T[];
  }
}

export function noTokenPossible(cause?: unknown): HomegrownError {
  return new HomegrownError({
    code: "serving/no-token-possible",
    kind: "invalid-input",
    message: "no token of the vocabulary may follow: grammar and bias together exclude them all",
    hint: "Loosen the JSON schema or the logit bias.",
    cause,
  });
}

/** The native state inside a grammar evaluation, as the sampler's configuration wants it. */
export function nativeGrammarState(state: LlamaGrammarEvaluationState): unknown {
  return Reflect.get(state, "_state");
}
