// How one request chooses its tokens: llama.cpp's sampler chain in OpenAI's terms, with log-probabilities of
// the distribution before any of it.
import { HomegrownError } from "@homegrown/contracts";
import type { TokenLogProbability } from "@homegrown/contracts";
import { LlamaGrammarEvaluationState } from "node-llama-cpp";
import type { Llama, LlamaModel } from "node-llama-cpp";
import type { GenerationRequest } from "../host/messages.ts";
import { nativeGrammarState, noTokenPossible } from "./native-access.ts";
import type { Distribution, NativeAccess, NativeSampler } from "./native-access.ts";
import type { TokenTable } from "./token-table.ts";
import { hasExclusions } from "./utf8-rules.ts";

export interface SamplingContext {
  llama: Llama;
  model: LlamaModel;
  native: NativeAccess;
  table: TokenTable;
  stopIds: ReadonlySet<number>;
}

/**
 * Under a grammar a ban is a number that no other token's logit makes up for, not minus infinity: where both
 * leave nothing, llama.cpp would choose a token that the grammar forbids; so it chooses a banned one, and the
 * request fails.
 */
const GUIDED_BAN = -1e9;

/** The smallest number that float32 can tell from 0, as a logarithm: what an underflowed probability shows. */
const LOWEST_LOG_PROBABILITY = Math.log(2 ** -149);

export class RequestSampler {
  readonly #context: SamplingContext;
  readonly #request: GenerationRequest;
  readonly #limit: number;
  readonly #grammar: unknown;
  readonly #sampler: NativeSampler;
  readonly #observer: NativeSampler | undefined;
  readonly #generated: number[] = [];
  /** First byte of the unfinished character for which tokens are excluded at present. */
  #excludedAfter: number | undefined;

  /** `limit`: the most tokens that will be asked for. `grammar`: of `startGrammar`, used up by this request. */
  constructor(context: SamplingContext, request: GenerationRequest, limit: number, grammar: unknown) {
    this.#context = context;
    this.#request = request;
    this.#limit = limit;
    this.#grammar = grammar;
    this.#sampler = context.native.createSampler(this.#config());
    this.#observer = request.topLogProbabilities === undefined ? undefined : context.native.createObserver();
  }

  /** The next token, and its record where log-probabilities are asked for. `unfinished`: the bytes before it. */
  async next(
    batchIndex: number,
    unfinished: Uint8Array,
  ): Promise<[id: number, record: TokenLogProbability | undefined]> {
    const { native } = this.#context;
    const { topLogProbabilities } = this.#request;
    this.#keepUtf8(unfinished);
    const distribution = this.#observer && (await native.distribution(batchIndex, this.#observer));
    const id = await native.sample(batchIndex, this.#sampler);
    this.#checkAdmitted(id);
    this.#generated.push(id);
    return [id, distribution && this.#describe(id, distribution, topLogProbabilities ?? 0)];
  }

  dispose(): void {
    this.#sampler.dispose();
    this.#observer?.dispose();
  }

  #checkAdmitted(id: number): void {
    // To end where the grammar is complete is right even for who banned the end.
    if (this.#grammar === undefined || this.#context.stopIds.has(id)) return;
    const isBanned = this.#request.logitBias.some(([banned, bias]) => banned === id && bias <= -100);
    if (isBanned || this.#excluded().has(id)) throw noTokenPossible();
  }

  #keepUtf8(unfinished: Uint8Array): void {
    if (this.#grammar === undefined) return;
    const [lead] = unfinished;
    const excludedAfter = unfinished.length === 1 && hasExclusions(lead!) ? lead : undefined;
    if (excludedAfter === this.#excludedAfter) return;
    this.#excludedAfter = excludedAfter;
    this.#sampler.applyConfig(this.#config());
  }

  #config(): Record<string, unknown> {
    const { temperature, topK, topP, seed, presencePenalty, frequencyPenalty } = this.#request;
    const hasPenalty = presencePenalty !== 0 || frequencyPenalty !== 0;
    const biases = this.#biases();
    return {
      temperature,
      minP: 0,
      // A nucleus of nothing is its most likely token.
      topK: topP === 0 ? 1 : topK,
      topP: topP === 0 ? 1 : topP,
      seed,
      ...(hasPenalty && {
        // OpenAI's formula over what was generated; the prompt is not penalised.
        repeatPenalty: 1,
        repeatPenaltyTokens: Uint32Array.from(this.#generated),
        repeatPenaltyMaxTokens: this.#limit,
        repeatPenaltyPresencePenalty: presencePenalty,
        repeatPenaltyFrequencyPenalty: frequencyPenalty,
      }),
      ...(biases.length > 0 && {
        tokenBiasKeys: Uint32Array.from(biases, ([id]) => id),
        tokenBiasValues: Float32Array.from(biases, ([, bias]) => bias),
      }),
      ...(this.#grammar !== undefined && { grammarEvaluationState: this.#grammar }),
    };
  }

  #biases(): (readonly [id: number, bias: number])[] {
    const isGuided = this.#grammar !== undefined;
    const ban = isGuided ? GUIDED_BAN : -Infinity;
    const asked = this.#request.logitBias.map(([id, bias]) => [id, bias <= -100 ? ban : bias] as const);
    if (!isGuided) return asked;
    const excluded = this.#excluded();
    return [...asked.filter(([id]) => !excluded.has(id)), ...[...excluded].map((id) => [id, ban] as const)];
  }

  /** Tokens with which the text would stop being UTF-8. */
  #excluded(): Set<number> {
    const { table } = this.#context;
    const always = table.notUtf8After(undefined);
    return new Set(
      this.#excludedAfter === undefined ? always : [...always, ...table.notUtf8After(this.#excludedAfter)],
    );
  }

  #describe(id: number, distribution: Distribution, numTop: number): TokenLogProbability {
    const { table } = this.#context;
    const top = Array.from({ length: Math.min(numTop, distribution.length / 2) }, (_, rank) => ({
      ...describeToken(table, distribution[2 * rank]!),
      logProbability: toLogProbability(distribution[2 * rank + 1]!),
    }));
    return { ...describeToken(table, id), logProbability: logProbabilityOf(distribution, id), top };
  }
}

/** The rules parse, but lead nowhere: a schema that refers to itself before it asks for anything. */
function badGrammar(cause: unknown): HomegrownError {
  return new HomegrownError({
    code: "serving/bad-grammar",
    kind: "invalid-input",
    message: "llama.cpp cannot follow the grammar that the JSON schema becomes",
    hint: "Look for a $ref that leads back to itself without an object, array or value between.",
    cause,
  });
}

/** The beginning of a grammar, for one answer. Throws `serving/bad-grammar`. */
export async function startGrammar({ llama, model }: SamplingContext, gbnf: string): Promise<unknown> {
  const grammar = await llama.createGrammar({ grammar: gbnf }).catch((cause: unknown) => {
    throw badGrammar(cause);
  });
  return nativeGrammarState(new LlamaGrammarEvaluationState({ model, grammar }));
}

function describeToken(table: TokenTable, id: number): { id: number; text: string; bytes: number[] } {
  const bytes = table.bytes(id);
  return { id, text: Buffer.from(bytes).toString("utf8"), bytes: [...bytes] };
}

/** Natural logarithm of the id's probability. */
export function logProbabilityOf(distribution: Distribution, id: number): number {
  for (let at = 0; at < distribution.length; at += 2) {
    if (distribution[at] === id) return toLogProbability(distribution[at + 1]!);
  }
  return LOWEST_LOG_PROBABILITY;
}

function toLogProbability(probability: number): number {
  return probability > 0 ? Math.min(0, Math.log(probability)) : LOWEST_LOG_PROBABILITY;
}
