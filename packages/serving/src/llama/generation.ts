// One request on one sequence: the prompt in pieces, then token after token. Every step of every running
// request that is ready goes into one batch of the context (continuous batching is the library's); what is
// decided here depends on this request alone.
import type { TokenLogProbability } from "@homegrown/contracts";
import type { Llama, LlamaContextSequence, LlamaModel, Token } from "node-llama-cpp";
import type { GenerationRequest, GenerationUsage } from "../host/messages.ts";
import type { NativeAccess } from "./native-access.ts";
import { RequestSampler } from "./request-sampler.ts";
import { TextAssembly } from "./text-assembly.ts";
import type { TokenTable } from "./token-table.ts";

export interface Generator {
  llama: Llama;
  model: LlamaModel;
  native: NativeAccess;
  table: TokenTable;
  stopIds: ReadonlySet<number>;
  contextLength: number;
  /** Prompt tokens evaluated between two looks at the signal. */
  chunkTokens: number;
}

export interface GenerationListener {
  /** Text that may leave now, never empty of both. */
  delta(text: string, tokens: readonly TokenLogProbability[]): void;
  /** A part of the prompt is evaluated. */
  progress(): void;
}

export interface GenerationResult {
  reason: "stop" | "length";
  /** What ended it: `end-of-text`, `stop-sequence`, `max-tokens` or `context-full`. */
  raw: string;
  usage: GenerationUsage;
}

/** Throws `signal`'s reason within one step (or one piece of the prompt) of its abort. */
export async function generate(
  generator: Generator,
  sequence: LlamaContextSequence,
  work: { ids: readonly number[]; request: GenerationRequest; grammar: unknown; signal: AbortSignal },
  listener: GenerationListener,
): Promise<GenerationResult> {
  const { native, table, stopIds } = generator;
  const { ids, request, signal } = work;
  const room = generator.contextLength - ids.length;
  const limit = Math.min(request.maxOutputTokens ?? room, room);
  const usage = { inputTokens: ids.length, cachedTokens: 0, outputTokens: 0 };
  if (limit === 0) return { reason: "length", raw: "max-tokens", usage };

  usage.cachedTokens = await reusePrefix(sequence, ids);
  let next = await evaluatePrompt(generator, sequence, ids.slice(usage.cachedTokens), signal, listener);
  const sampler = new RequestSampler(generator, request, limit, work.grammar);
  const assembly = new TextAssembly(request.stopSequences);
  const send = (piece: { text: string; tokens: readonly TokenLogProbability[] }): void => {
    if (piece.text !== "" || piece.tokens.length > 0) listener.delta(piece.text, piece.tokens);
  };
  try {
    for (;;) {
      signal.throwIfAborted();
      const [id, record] = await native.decodeLast(sequence, next, (batchIndex) =>
        sampler.next(batchIndex, assembly.unfinished),
      );
      signal.throwIfAborted();
      if (stopIds.has(id)) {
        send(assembly.finish());
        return { reason: "stop", raw: "end-of-text", usage };
      }
      usage.outputTokens += 1;
      const piece = assembly.push(table.visibleBytes(id), record);
      send(piece);
      if (piece.stop !== undefined) return { reason: "stop", raw: "stop-sequence", usage };
      if (usage.outputTokens === limit) {
        send(assembly.finish());
        return {
          reason: "length",
          raw: limit === request.maxOutputTokens ? "max-tokens" : "context-full",
          usage,
        };
      }
      next = [id];
    }
  } finally {
    sampler.dispose();
  }
}

/** Keeps of the sequence's state what the ids begin with; returns how many tokens that is. */
export async function reusePrefix(sequence: LlamaContextSequence, ids: readonly number[]): Promise<number> {
  // The last token is always evaluated: its logits are what generation starts from.
  await sequence.adaptStateToTokens(ids.slice(0, -1) as Token[], false);
  return sequence.nextTokenIndex;
}

/** Evaluates all but the last piece, which is returned: its end is sampled. */
async function evaluatePrompt(
  generator: Generator,
  sequence: LlamaContextSequence,
  ids: readonly number[],
  signal: AbortSignal,
  listener: GenerationListener,
): Promise<readonly number[]> {
  let rest = ids;
  while (rest.length > generator.chunkTokens) {
    signal.throwIfAborted();
    await sequence.evaluateWithoutGeneratingNewTokens(rest.slice(0, generator.chunkTokens) as Token[]);
    rest = rest.slice(generator.chunkTokens);
    listener.progress();
  }
  return rest;
}
