import { openAiEndpoint } from "../openai-endpoints.ts";
import type { ProviderDefinition } from "../provider-kind.ts";

const BASE = "https://api.x.ai/v1";

/** Translated requests use its Responses API, the one that its package speaks. */
export const xai: ProviderDefinition<"xai"> = {
  kind: "xai",
  system: "x_ai",
  catalogue: "x-ai",
  documentation: "https://docs.x.ai/docs/api-reference",
  input: ["text", "image", "audio", "file"],
  toolResultMedia: () => ["image/*"],
  logProbabilities: false,
  dialects: () => ["openai/chat-completions", "openai/responses"],
  endpoint: (connection, dialect) => openAiEndpoint(connection, BASE, dialect),
  async load(connection) {
    const { createXai } = await import("@ai-sdk/xai");
    const provider = createXai({
      baseURL: connection.config.baseUrl ?? BASE,
      apiKey: connection.secret(connection.config.apiKey),
      headers: connection.headers(),
      fetch: connection.fetch,
    });
    return {
      chat: (model) => provider.languageModel(model),
      transcription: () => provider.transcription(),
      speech: () => provider.speech(),
    };
  },
  options: (common) => ({
    xai: common.parallelToolCalls === undefined ? {} : { parallelToolCalls: common.parallelToolCalls },
  }),
};
