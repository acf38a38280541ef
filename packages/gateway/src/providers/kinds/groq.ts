import { openAiEndpoint, strictOption } from "../openai-endpoints.ts";
import type { ProviderDefinition } from "../provider-kind.ts";

const BASE = "https://api.groq.com/openai/v1";

/** Its page on compatibility names the exceptions: no log-probabilities, no logit bias, `n` only 1. */
export const groq: ProviderDefinition<"groq"> = {
  kind: "groq",
  system: "groq",
  catalogue: "groq",
  documentation: "https://console.groq.com/docs/openai",
  input: ["text", "image", "audio"],
  toolResultMedia: () => [],
  logProbabilities: false,
  dialects: () => [
    "openai/chat-completions",
    "openai/responses",
    "openai/transcriptions",
    "openai/translations",
    "openai/speech",
  ],
  endpoint: (connection, dialect) => openAiEndpoint(connection, BASE, dialect),
  async load(connection) {
    const { createGroq } = await import("@ai-sdk/groq");
    const provider = createGroq({
      baseURL: connection.config.baseUrl ?? BASE,
      apiKey: connection.secret(connection.config.apiKey),
      headers: connection.headers(),
      fetch: connection.fetch,
    });
    return {
      chat: (model) => provider.languageModel(model),
      transcription: (model) => provider.transcription(model),
    };
  },
  options: (common) => ({
    groq: {
      ...(common.parallelToolCalls !== undefined && { parallelToolCalls: common.parallelToolCalls }),
      ...strictOption(common),
    },
  }),
};
