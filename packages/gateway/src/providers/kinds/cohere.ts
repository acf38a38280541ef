import { noEndpoint } from "../no-endpoint.ts";
import type { ProviderDefinition } from "../provider-kind.ts";

const BASE = "https://api.cohere.com/v2";

export const cohere: ProviderDefinition<"cohere"> = {
  kind: "cohere",
  system: "cohere",
  catalogue: "cohere",
  documentation: "https://docs.cohere.com/v2/reference/chat",
  input: ["text", "image"],
  toolResultMedia: () => [],
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
  // It bills fewer tokens than it counts: its own preambles are free.
  billed(usage) {
    const units = (
      usage.raw as { billed_units?: { input_tokens?: number; output_tokens?: number } | null } | undefined
    )?.billed_units;
    if (typeof units?.input_tokens !== "number" || typeof units.output_tokens !== "number") return usage;
    return {
      ...usage,
      inputTokens: { ...usage.inputTokens, total: units.input_tokens, noCache: units.input_tokens },
      outputTokens: { ...usage.outputTokens, total: units.output_tokens, text: units.output_tokens },
    };
  },
};
