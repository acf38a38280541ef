// What the host child does with its loaded model, without knowing how it is asked.
import { HomegrownError } from "@homegrown/contracts";
import type { ChatMessage } from "@homegrown/contracts";
import { renderChat, segmentChat } from "@homegrown/tokenization";
import type { SegmentChatOptions } from "@homegrown/tokenization";
import type { LlamaContextSequence, Token } from "node-llama-cpp";
import type { GenerationRequest, LoadOptions, LoadedModelInfo } from "../host/messages.ts";
import { generate, reusePrefix } from "./generation.ts";
import type { GenerationListener, GenerationResult } from "./generation.ts";
import { BATCH_TOKENS, loadLlama } from "./load-model.ts";
import type { LoadedLlama } from "./load-model.ts";
import { logProbabilityOf, startGrammar } from "./request-sampler.ts";
import { SequencePool } from "./sequence-pool.ts";

export interface Measurement {
  promptTokensPerSecond: number;
  decodeTokensPerSecond: number;
  peakMemoryBytes: number;
}

const MEASURED_PROMPT_TOKENS = 256;
const MEASURED_DECODE_TOKENS = 48;

export class ServedModel {
  readonly #loaded: LoadedLlama;
  readonly #pool: SequencePool;

  private constructor(loaded: LoadedLlama, maxQueue: number) {
    this.#loaded = loaded;
    this.#pool = new SequencePool(loaded.sequences, maxQueue);
  }

  static async load(options: LoadOptions): Promise<ServedModel> {
    return new ServedModel(await loadLlama(options), options.maxQueue);
  }

  get info(): LoadedModelInfo {
    const { contextLength, table, cacheType, stopIds, chatTemplate } = this.#loaded;
    return {
      contextLength,
      vocabSize: table.size,
      cacheType,
      stopIds: [...stopIds].toSorted((a, b) => a - b),
      hasChatTemplate: chatTemplate !== undefined,
    };
  }

  /** `accepted` is called once the prompt is known to fit, the grammar to parse and the queue to have room. */
  async generate(
    request: GenerationRequest,
    signal: AbortSignal,
    listener: GenerationListener & { accepted(inputTokens: number): void },
  ): Promise<GenerationResult> {
    const ids = this.#promptIds(request);
    this.#checkLength(ids, 1);
    const grammar =
      request.grammar === undefined ? undefined : await startGrammar(this.#loaded, request.grammar);
    this.#pool.checkRoom();
    listener.accepted(ids.length);
    const generator = { ...this.#loaded, chunkTokens: BATCH_TOKENS };
    return this.#pool.run(ids, signal, (sequence) =>
      generate(generator, sequence, { ids, request, grammar, signal }, listener),
    );
  }

  renderChat(messages: readonly ChatMessage[]): string {
    const { template, ...options } = this.#chatOptions(messages);
    return renderChat(template, options);
  }

  encodeChat(messages: readonly ChatMessage[]): number[] {
    const { template, ...options } = this.#chatOptions(messages);
    const { model } = this.#loaded;
    const ids = segmentChat(template, options).flatMap(({ text, special }) =>
      special ? [...model.tokenize(text, true)] : this.tokenize(text),
    );
    return this.#withBeginning(ids);
  }

  /** Plain text: no special token is looked for. */
  tokenize(text: string): number[] {
    const { model, normalize } = this.#loaded;
    return [...model.tokenize(normalize(text), false)];
  }

  /** Natural log-probabilities of ids[1], ids[2], …, each given all before it. */
  async score(ids: readonly number[], signal: AbortSignal, progress: () => void): Promise<Float32Array> {
    this.#checkIds(ids);
    this.#checkLength(ids, 0);
    if (ids.length < 2) return new Float32Array();
    const { native } = this.#loaded;
    const scores = new Float32Array(ids.length - 1);
    const observer = native.createObserver();
    const scorePiece = (sequence: LlamaContextSequence, from: number): Promise<unknown> =>
      native.decodeEach(
        sequence,
        ids.slice(from, Math.min(from + BATCH_TOKENS, scores.length)),
        async (batchIndex, tokenIndex) => {
          const at = from + tokenIndex;
          scores[at] = logProbabilityOf(await native.distribution(batchIndex, observer), ids[at + 1]!);
        },
      );
    try {
      await this.#pool.run(ids, signal, async (sequence) => {
        await sequence.clearHistory();
        for (let from = 0; from < scores.length; from += BATCH_TOKENS) {
          signal.throwIfAborted();
          await scorePiece(sequence, from);
          progress();
        }
      });
    } finally {
      observer.dispose();
    }
    return scores;
  }

  async measure(signal: AbortSignal, progress: () => void): Promise<Measurement> {
    const { contextLength, native, table } = this.#loaded;
    const numPrompt = Math.min(MEASURED_PROMPT_TOKENS, Math.floor(contextLength / 2));
    const numDecode = Math.min(MEASURED_DECODE_TOKENS, contextLength - numPrompt);
    // Ids spread over the vocabulary: speed does not depend on what the text says.
    const ids = Array.from({ length: numPrompt }, (_, i) => (i * 7919) % table.size);
    const sampler = native.createSampler({ temperature: 0 });
    try {
      return await this.#pool.run(ids, signal, async (sequence) => {
        const prompts: number[] = [];
        const decodes: number[] = [];
        for (let round = 0; round < 3; round += 1) {
          signal.throwIfAborted();
          await sequence.clearHistory();
          const start = performance.now();
          await sequence.evaluateWithoutGeneratingNewTokens(ids.slice(0, -1) as Token[]);
          prompts.push((numPrompt - 1) / (performance.now() - start));
          let next = ids.at(-1)!;
          await reusePrefix(sequence, ids);
          const decodeStart = performance.now();
          for (let step = 0; step < numDecode; step += 1) {
            next = await native.decodeLast(sequence, [next], (index) => native.sample(index, sampler));
          }
          decodes.push(numDecode / (performance.now() - decodeStart));
          progress();
        }
        return {
          promptTokensPerSecond: median(prompts) * 1000,
          decodeTokensPerSecond: median(decodes) * 1000,
          peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
        };
      });
    } finally {
      sampler.dispose();
    }
  }

  /** A token evaluated end to end: pages are mapped and kernels chosen before the first request. */
  async warm(): Promise<void> {
    const { native } = this.#loaded;
    const sampler = native.createSampler({ temperature: 0 });
    await this.#pool.run([0], new AbortController().signal, async (sequence) => {
      await native.decodeLast(sequence, [0], (index) => native.sample(index, sampler));
      await sequence.clearHistory();
    });
    sampler.dispose();
  }

  #promptIds(request: GenerationRequest): number[] {
    const { prompt } = request;
    if (prompt.kind === "chat") return this.encodeChat(prompt.messages);
    if (prompt.kind === "text") {
      const ids = this.#withBeginning(this.tokenize(prompt.text));
      // A model needs something to continue: an empty prompt begins a document.
      return ids.length > 0 ? ids : [this.#documentStart()];
    }
    this.#checkIds(prompt.ids);
    return prompt.ids.length > 0 ? [...prompt.ids] : [this.#documentStart()];
  }

  #documentStart(): number {
    const { bos, eos } = this.#loaded.model.tokens;
    return bos ?? eos ?? 0;
  }

  /** With the beginning-of-text id where the model was trained to see one. */
  #withBeginning(ids: number[]): number[] {
    const { bos, shouldPrependBosToken } = this.#loaded.model.tokens;
    return shouldPrependBosToken && bos !== null && ids[0] !== bos ? [bos, ...ids] : ids;
  }

  #chatOptions(messages: readonly ChatMessage[]): SegmentChatOptions & { template: string } {
    const { chatTemplate, model, table } = this.#loaded;
    if (chatTemplate === undefined) {
      throw new HomegrownError({
        code: "serving/no-chat-template",
        kind: "invalid-input",
        message: "this model has no chat template: it continues text, but does not converse",
        hint: "Use the completions endpoint, or tune the model on conversations first.",
      });
    }
    return {
      template: chatTemplate,
      messages,
      addGenerationPrompt: messages.at(-1)?.role !== "assistant",
      specialTokens: table.controlSpellings,
      bosToken: model.tokens.bosString ?? "",
      eosToken: model.tokens.eosString ?? "",
    };
  }

  #checkLength(ids: readonly number[], room: number): void {
    const { contextLength } = this.#loaded;
    if (ids.length + room <= contextLength) return;
    throw new HomegrownError({
      code: "serving/prompt-too-long",
      kind: "invalid-input",
      message: `the prompt has ${ids.length} tokens, the model's context ${contextLength}${room > 0 ? ", of which the answer needs one at least" : ""}`,
      hint: "Shorten the prompt or drop the oldest messages.",
      details: { promptTokens: ids.length, contextLength },
    });
  }

  #checkIds(ids: readonly number[]): void {
    const { size } = this.#loaded.table;
    const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= size);
    if (wrong === undefined) return;
    throw new HomegrownError({
      code: "serving/bad-token-id",
      kind: "invalid-input",
      message: `token id ${wrong} is outside the vocabulary of ${size}`,
      hint: `Send ids from 0 to ${size - 1}.`,
    });
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
