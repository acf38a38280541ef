import { noEndpoint } from "../no-endpoint.ts";
import type { ProviderDefinition } from "../provider-kind.ts";

const BASE = "https://api.cohere.com/v2";

export const cohere: ProviderDefinition<"cohere"> = {
  kind: "cohere",
  system: "cohere",
  catalogue: "cohere",
  documentation: "https://docs.cohere.com/v2/reference/chat",
  input: ["text", "image"],
  logProbabilities: false,
  dialects: () => [],
  endpoint: noEndpoint,
  async load(connection) {
    const { createCohere } = await import("@ai-sdk/cohere");
    const provider = createCohere({
      baseURL: connection.config.baseUrl ?? BASE,
      apiKey: connection.secret(connection.config.apiKey),
      headers: connection.headers(),
      fetch: connection.fetch,
    });
    return {
      chat: (model) => provider.languageModel(model),
      embedding: (model) => provider.embedding(model),
    };
  },
};
