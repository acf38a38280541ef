import { openAiEndpoint } from "../openai-endpoints.ts";
import type { ProviderDefinition } from "../provider-kind.ts";

const BASE = "https://openrouter.ai/api/v1";

/** Errors may come inside a 200; its Responses API is a beta and does not pass through. */
export const openrouter: ProviderDefinition<"openrouter"> = {
  kind: "openrouter",
  system: "openrouter",
  catalogue: "openrouter",
  documentation: "https://openrouter.ai/docs/api-reference/overview",
  input: ["text", "image", "audio", "video", "file"],
  toolResultMedia: () => ["*"],
  logProbabilities: true,
  // Its package calls a stream that broke off after a tool call complete.
  alwaysNamesReason: true,
  dialects: () => ["openai/chat-completions", "openai/completions", "openai/embeddings"],
  endpoint: (connection, dialect) => openAiEndpoint(connection, BASE, dialect),
  async load(connection) {
    const { createOpenRouter } = await import("@openrouter/ai-sdk-provider");
    const provider = createOpenRouter({
      baseURL: connection.config.baseUrl ?? BASE,
      apiKey: connection.secret(connection.config.apiKey),
      // `strict` asks for the usage of streams.
      compatibility: "strict",
      headers: connection.headers(),
      fetch: connection.fetch,
    });
    return {
      chat: (model) => provider.chat(model),
      embedding: (model) => provider.textEmbeddingModel(model),
    };
  },
  options: (common) => ({
    openrouter: {
      ...(common.topLogProbabilities !== undefined && {
        logprobs: true,
        top_logprobs: common.topLogProbabilities,
      }),
      ...(common.logitBias !== undefined && { logit_bias: { ...common.logitBias } }),
      ...(common.parallelToolCalls !== undefined && { parallel_tool_calls: common.parallelToolCalls }),
    },
  }),
};
