// The ports beside chat, with every failure an `UpstreamError`.
import type { EmbeddingModel, SpeechModel, TranscriptionModel } from "@homegrown/contracts";
import { toUpstreamError } from "./port-errors.ts";

async function guarded<T>(
  work: () => PromiseLike<T>,
  signal: AbortSignal | undefined,
  target: string,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw signal?.aborted ? signal.reason : toUpstreamError(error, target);
  }
}

export function guardEmbedding(model: EmbeddingModel, target: string): EmbeddingModel {
  return {
    specificationVersion: "v4",
    provider: model.provider,
    modelId: model.modelId,
    maxEmbeddingsPerCall: model.maxEmbeddingsPerCall,
    supportsParallelCalls: model.supportsParallelCalls,
    doEmbed: (options) => guarded(() => model.doEmbed(options), options.abortSignal, target),
  };
}

export function guardTranscription(model: TranscriptionModel, target: string): TranscriptionModel {
  return {
    specificationVersion: "v4",
    provider: model.provider,
    modelId: model.modelId,
    doGenerate: (options) => guarded(() => model.doGenerate(options), options.abortSignal, target),
  };
}

export function guardSpeech(model: SpeechModel, target: string): SpeechModel {
  return {
    specificationVersion: "v4",
    provider: model.provider,
    modelId: model.modelId,
    doGenerate: (options) => guarded(() => model.doGenerate(options), options.abortSignal, target),
  };
}
