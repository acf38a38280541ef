import { noEndpoint } from "../no-endpoint.ts";
import { strictOption } from "../openai-endpoints.ts";
import type { ProviderDefinition } from "../provider-kind.ts";

const BASE = "https://api.mistral.ai/v1";

/** Close to OpenAI's protocol, but it refuses fields that it does not know, so nothing passes through. */
export const mistral: ProviderDefinition<"mistral"> = {
  kind: "mistral",
  system: "mistral_ai",
  catalogue: "mistral",
  documentation: "https://docs.mistral.ai/api/endpoint/chat",
  input: ["text", "image", "audio", "file"],
  toolResultMedia: () => [],
  // Otherwise it answers 400: "Unexpected role 'user' after role 'tool'".
  toolTurnEnds: "assistant",
  logProbabilities: false,
  dialects: () => [],
  endpoint: noEndpoint,
  async load(connection) {
    const { createMistral } = await import("@ai-sdk/mistral");
    const provider = createMistral({
      baseURL: connection.config.baseUrl ?? BASE,
      apiKey: connection.secret(connection.config.apiKey),
      headers: connection.headers(),
      fetch: connection.fetch,
    });
    return {
      chat: (model) => provider.chat(model),
      embedding: (model) => provider.embedding(model),
      transcription: (model) => provider.transcription(model),
      speech: (model) => provider.speech(model),
    };
  },
  options: (common) => ({
    mistral: {
      ...(common.parallelToolCalls !== undefined && { parallelToolCalls: common.parallelToolCalls }),
      ...strictOption(common),
    },
  }),
};
