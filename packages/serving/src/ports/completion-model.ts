import type { CompletionModel, CompletionPart, CompletionRequest } from "@homegrown/contracts";
import type { GenerationRequest, LoadedModelInfo } from "../host/messages.ts";
import type { HostSupervisor } from "../host/host-supervisor.ts";
import { toGenerationRequest } from "./sampling.ts";

/** Raw continuation. A string is tokenised as plain text: special tokens come in as ids only. */
export function createCompletionModel(
  modelId: string,
  supervisor: HostSupervisor,
  info: LoadedModelInfo,
): CompletionModel {
  async function* complete(request: CompletionRequest): AsyncGenerator<CompletionPart, void> {
    const { prompt, abortSignal, ...settings } = request;
    const source: GenerationRequest["prompt"] =
      typeof prompt === "string" ? { kind: "text", text: prompt } : { kind: "ids", ids: prompt };
    const wire = toGenerationRequest(source, settings, info.vocabSize);
    for await (const message of supervisor.generate(wire, abortSignal)) {
      if (message.type === "delta") yield { type: "text-delta", text: message.text, tokens: message.tokens };
      if (message.type === "finish") {
        const { inputTokens, outputTokens } = message.usage;
        yield { type: "finish", reason: message.reason, usage: { inputTokens, outputTokens } };
      }
    }
  }
  return { modelId, complete };
}
