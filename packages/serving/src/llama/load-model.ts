// A GGUF file becomes a context that generates. Our own bounded reader sees the file first: what it refuses
// never reaches native code.
import { availableParallelism } from "node:os";
import { HomegrownError } from "@homegrown/contracts";
import { readGgufHeader } from "@homegrown/models";
import type { GgufHeader } from "@homegrown/models";
import { LlamaLogLevel, getLlama } from "node-llama-cpp";
import type { Llama, LlamaContext, LlamaContextSequence, LlamaModel } from "node-llama-cpp";
import type { LoadOptions } from "../host/messages.ts";
import { NativeAccess } from "./native-access.ts";
import { TokenTable } from "./token-table.ts";

export interface LoadedLlama {
  llama: Llama;
  model: LlamaModel;
  context: LlamaContext;
  sequences: LlamaContextSequence[];
  native: NativeAccess;
  table: TokenTable;
  chatTemplate: string | undefined;
  /** Text reaches the tokenizer as the model's own tokenizer.json would hand it on. */
  normalize: (text: string) => string;
  contextLength: number;
  cacheType: "F32" | "F16";
  stopIds: ReadonlySet<number>;
}

const DEFAULT_CONTEXT_LENGTH = 4096;
const MAX_EXACT_CACHE_BYTES = 512 * 1024 ** 2;
/** Tokens in one native batch. */
export const BATCH_TOKENS = 512;
/**
 * Threads wait for each other at some twenty barriers per layer. Below these sizes of the weights that costs
 * more than another thread brings: for single tokens, and for prompts (docs/decisions/0007 has the figures).
 */
const SHARE_TOKENS_FROM_BYTES = 256 * 1024 ** 2;
const SHARE_PROMPTS_FROM_BYTES = 32 * 1024 ** 2;

export async function loadLlama(options: LoadOptions): Promise<LoadedLlama> {
  const header = await readGgufHeader(options.ggufFile);
  const table = new TokenTable(header);
  const complaints: string[] = [];
  try {
    const llama = await getLlama({
      gpu: false,
      build: "never",
      maxThreads: 0,
      logLevel: LlamaLogLevel.error,
      logger: (_level, message) => complaints.push(message.trim()),
    });
    const model = await llama.loadModel({ modelPath: options.ggufFile, gpuLayers: 0, checkTensors: true });
    const contextLength = chooseContextLength(options.contextLength, model.trainContextSize);
    const cacheType = options.cacheType ?? chooseCacheType(header, contextLength * options.parallelSequences);
    const threads = chooseThreads(options.threads, model.size);
    const context = await model.createContext({
      // One cell more than tokens: the library shifts the context when only one is left.
      contextSize: contextLength + 1,
      sequences: options.parallelSequences,
      batchSize: BATCH_TOKENS,
      threads: threads.shared,
      // Off, and an exact cache where it fits: what is served should be what was trained.
      flashAttention: false,
      experimentalKvCacheKeyType: cacheType,
      experimentalKvCacheValueType: cacheType,
    });
    const native = new NativeAccess(llama, model, context);
    native.prepareBatches(threads);
    return {
      llama,
      model,
      context,
      sequences: Array.from({ length: options.parallelSequences }, () => context.getSequence()),
      native,
      table,
      chatTemplate: textOf(header, "tokenizer.chat_template"),
      normalize: normalizerOf(header),
      contextLength,
      cacheType,
      stopIds: new Set([...model.iterateAllTokens()].filter((id) => model.isEogToken(id))),
    };
  } catch (cause) {
    if (cause instanceof HomegrownError) throw cause;
    const said = [cause instanceof Error ? cause.message : String(cause), ...complaints.slice(-3)].join("; ");
    throw new HomegrownError({
      code: "serving/load-failed",
      kind: "unavailable",
      message: `llama.cpp could not load ${options.ggufFile}: ${said}`,
      hint: "Check that the architecture is one that llama.cpp knows and that enough memory is free; `homegrown doctor` tests the engine itself.",
      cause,
    });
  }
}

function chooseContextLength(asked: number | undefined, trained: number): number {
  if (asked === undefined) return Math.min(trained, DEFAULT_CONTEXT_LENGTH);
  if (Number.isInteger(asked) && asked >= 2 && asked <= trained) return asked;
  throw new HomegrownError({
    code: "serving/bad-context-length",
    kind: "invalid-input",
    message: `contextLength is ${asked}; the model was trained for 2 to ${trained} tokens`,
    hint: `Choose at most ${trained}.`,
  });
}

function chooseThreads(asked: number | undefined, weightBytes: number): { single: number; shared: number } {
  if (asked !== undefined) return { single: asked, shared: asked };
  const all = availableParallelism();
  return {
    single: weightBytes < SHARE_TOKENS_FROM_BYTES ? 1 : all,
    shared: weightBytes < SHARE_PROMPTS_FROM_BYTES ? 1 : all,
  };
}

/** F32 holds keys and values as they were computed; F16 halves the memory where that would be much. */
function chooseCacheType(header: GgufHeader, cells: number): "F32" | "F16" {
  const architecture = textOf(header, "general.architecture") ?? "";
  const field = (name: string): number | undefined => {
    const value = header.metadata.get(`${architecture}.${name}`);
    return typeof value === "number" ? value : undefined;
  };
  const heads = field("attention.head_count") ?? 1;
  const headDim = field("attention.key_length") ?? (field("embedding_length") ?? 0) / heads;
  const width = (field("attention.head_count_kv") ?? heads) * headDim;
  const bytes = cells * (field("block_count") ?? 0) * 2 * width * 4;
  return bytes > 0 && bytes <= MAX_EXACT_CACHE_BYTES ? "F32" : "F16";
}

/** Every tokenizer that names the `qwen2` pre-tokenizer begins with NFC, which llama.cpp leaves out. */
function normalizerOf(header: GgufHeader): (text: string) => string {
  return textOf(header, "tokenizer.ggml.pre") === "qwen2" ? (text) => text.normalize("NFC") : (text) => text;
}

function textOf(header: GgufHeader, key: string): string | undefined {
  const value = header.metadata.get(key);
  return typeof value === "string" ? value : undefined;
}
