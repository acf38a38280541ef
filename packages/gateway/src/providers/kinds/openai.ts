import { ALL_OPENAI_DIALECTS, openAiEndpoint } from "../openai-endpoints.ts";
import type { CommonOptions, ProviderConnection, ProviderDefinition } from "../provider-kind.ts";

const BASE = "https://api.openai.com/v1";

export const openai: ProviderDefinition<"openai"> = {
  kind: "openai",
  system: "openai",
  catalogue: "openai",
  documentation: "https://platform.openai.com/docs/api-reference",
  input: ["text", "image", "audio", "file"],
  toolResultMedia: (config) => (config.api === "responses" ? ["*"] : []),
  logProbabilities: true,
  dialects: () => ALL_OPENAI_DIALECTS,
  endpoint(connection, dialect) {
    const { url, headers } = openAiEndpoint(connection, BASE, dialect);
    return { url, headers: { ...accountHeaders(connection), ...headers } };
  },
  async load(connection) {
    const { createOpenAI } = await import("@ai-sdk/openai");
    const { config } = connection;
    const provider = createOpenAI({
      baseURL: config.baseUrl ?? BASE,
      apiKey: connection.secret(config.apiKey),
      headers: { ...accountHeaders(connection), ...connection.headers() },
      fetch: connection.fetch,
    });
    return {
      chat: (model) => (config.api === "responses" ? provider.responses(model) : provider.chat(model)),
      embedding: (model) => provider.embedding(model),
      transcription: (model) => provider.transcription(model),
      speech: (model) => provider.speech(model),
    };
  },
  options: (common) => ({ openai: openAiOptions(common) }),
};

/** What the package reads under `providerOptions.openai`; Azure's reads it too. */
export function openAiOptions(
  common: CommonOptions,
): Record<string, number | boolean | Record<string, number>> {
  return {
    ...(common.topLogProbabilities !== undefined && { logprobs: common.topLogProbabilities }),
    ...(common.logitBias !== undefined && { logitBias: { ...common.logitBias } }),
    ...(common.parallelToolCalls !== undefined && { parallelToolCalls: common.parallelToolCalls }),
  };
}

function accountHeaders({ config }: ProviderConnection<"openai">): Record<string, string> {
  return {
    ...(config.organization !== undefined && { "openai-organization": config.organization }),
    ...(config.project !== undefined && { "openai-project": config.project }),
  };
}
