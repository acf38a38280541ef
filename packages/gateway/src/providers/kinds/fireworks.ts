import { openAiEndpoint, wireOptions } from "../openai-endpoints.ts";
import type { ProviderDefinition } from "../provider-kind.ts";

const BASE = "https://api.fireworks.ai/inference/v1";

export const fireworks: ProviderDefinition<"fireworks"> = {
  kind: "fireworks",
  system: "fireworks",
  catalogue: "fireworks",
  documentation: "https://docs.fireworks.ai/tools-sdks/openai-compatibility",
  input: ["text", "image"],
  toolResultMedia: () => [],
  logProbabilities: true,
  dialects: () => ["openai/chat-completions", "openai/responses", "openai/completions", "openai/embeddings"],
  endpoint: (connection, dialect) => openAiEndpoint(connection, BASE, dialect),
  async load(connection) {
    const { createFireworks } = await import("@ai-sdk/fireworks");
    const provider = createFireworks({
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
  options: (common) => ({ fireworks: wireOptions(common) }),
};
