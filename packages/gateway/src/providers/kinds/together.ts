import { openAiEndpoint, wireOptions } from "../openai-endpoints.ts";
import type { ProviderDefinition } from "../provider-kind.ts";

const BASE = "https://api.together.xyz/v1";

export const together: ProviderDefinition<"together"> = {
  kind: "together",
  system: "together_ai",
  catalogue: "together",
  documentation: "https://docs.together.ai/docs/openai-api-compatibility",
  input: ["text", "image", "video"],
  toolResultMedia: () => [],
  // Its answers carry them in a shape of its own.
  logProbabilities: false,
  dialects: () => ["openai/chat-completions", "openai/completions", "openai/embeddings", "openai/speech"],
  endpoint: (connection, dialect) => openAiEndpoint(connection, BASE, dialect),
  async load(connection) {
    const { createTogetherAI } = await import("@ai-sdk/togetherai");
    const provider = createTogetherAI({
      baseURL: connection.config.baseUrl ?? BASE,
      apiKey: connection.secret(connection.config.apiKey),
      headers: connection.headers(),
      fetch: connection.fetch,
    });
    return {
      chat: (model) => provider.chatModel(model),
      embedding: (model) => provider.embeddingModel(model),
    };
  },
  options: (common) => ({ togetherai: wireOptions(common) }),
};
