import type { Dialect } from "../../core/dialect.ts";
import { bearer, openAiEndpoint, wireOptions } from "../openai-endpoints.ts";
import type { ProviderDefinition } from "../provider-kind.ts";

const TEXT: readonly Dialect[] = ["openai/chat-completions", "openai/completions", "openai/embeddings"];
const AUDIO: readonly Dialect[] = ["openai/transcriptions", "openai/translations", "openai/speech"];

/** vLLM, ollama, llama.cpp, another Homegrown: whatever answers `/chat/completions` under the base URL. */
export const openAiCompatible: ProviderDefinition<"openai-compatible"> = {
  kind: "openai-compatible",
  system: "openai-compatible",
  catalogue: undefined,
  documentation: "https://platform.openai.com/docs/api-reference/chat",
  input: ["text", "image", "audio", "video", "file"],
  toolResultMedia: () => [],
  logProbabilities: true,
  dialects: (config) => [
    ...TEXT,
    ...(config.responses === true ? (["openai/responses"] as const) : []),
    ...(config.audio === true ? AUDIO : []),
  ],
  endpoint: (connection, dialect) => openAiEndpoint(connection, connection.config.baseUrl, dialect),
  async load(connection) {
    const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
    const { config } = connection;
    const provider = createOpenAICompatible({
      name: "compatible",
      baseURL: config.baseUrl,
      headers: { ...bearer(connection), ...connection.headers() },
      includeUsage: true,
      supportsStructuredOutputs: true,
      fetch: connection.fetch,
    });
    return {
      chat: (model) => provider.chatModel(model),
      embedding: (model) => provider.embeddingModel(model),
    };
  },
  // All three servers above take `top_k`, which OpenAI's own protocol lacks.
  options: (common) => ({
    compatible: { ...wireOptions(common), ...(common.topK !== undefined && { top_k: common.topK }) },
  }),
};
