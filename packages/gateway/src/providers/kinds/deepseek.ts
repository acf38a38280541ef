import { openAiEndpoint, strictOption } from "../openai-endpoints.ts";
import type { ProviderDefinition } from "../provider-kind.ts";

const BASE = "https://api.deepseek.com";

export const deepseek: ProviderDefinition<"deepseek"> = {
  kind: "deepseek",
  system: "deepseek",
  catalogue: "deepseek",
  documentation: "https://api-docs.deepseek.com/api/create-chat-completion",
  input: ["text"],
  toolResultMedia: () => ["image/*"],
  logProbabilities: true,
  dialects: () => ["openai/chat-completions"],
  endpoint: (connection, dialect) => openAiEndpoint(connection, BASE, dialect),
  async load(connection) {
    const { createDeepSeek } = await import("@ai-sdk/deepseek");
    const provider = createDeepSeek({
      baseURL: connection.config.baseUrl ?? BASE,
      apiKey: connection.secret(connection.config.apiKey),
      headers: connection.headers(),
      fetch: connection.fetch,
    });
    return { chat: (model) => provider.chat(model) };
  },
  options: (common) => ({
    deepseek: {
      ...strictOption(common),
      ...(common.topLogProbabilities !== undefined && { logprobs: true }),
      ...((common.topLogProbabilities ?? 0) > 0 && { topLogprobs: common.topLogProbabilities }),
    },
  }),
};
