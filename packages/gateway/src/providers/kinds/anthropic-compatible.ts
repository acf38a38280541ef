import type { ProviderConnection, ProviderDefinition } from "../provider-kind.ts";
import {
  ANTHROPIC_DIALECTS,
  ANTHROPIC_TOOL_RESULT_MEDIA,
  anthropicEndpoint,
  anthropicOptions,
  loadThinkingRule,
} from "./anthropic.ts";

/** Whatever answers `/messages` under the base URL. */
export const anthropicCompatible: ProviderDefinition<"anthropic-compatible"> = {
  kind: "anthropic-compatible",
  system: "anthropic-compatible",
  catalogue: undefined,
  documentation: "https://docs.anthropic.com/en/api/messages",
  input: ["text", "image", "file"],
  toolResultMedia: () => ANTHROPIC_TOOL_RESULT_MEDIA,
  logProbabilities: false,
  dialects: () => ANTHROPIC_DIALECTS,
  endpoint: (connection, dialect) =>
    anthropicEndpoint(connection, connection.config.baseUrl, dialect, keyHeader(connection)),
  async load(connection) {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    const thinkingProven = await loadThinkingRule();
    const { fetch, config } = connection;
    const provider = createAnthropic({
      baseURL: config.baseUrl,
      // The package insists on a key; without one configured, the header is taken out again.
      apiKey: config.apiKey === undefined ? "none" : connection.secret(config.apiKey),
      headers: connection.headers(),
      fetch: config.apiKey === undefined ? withoutKey(fetch) : fetch,
    });
    return { chat: (model) => thinkingProven(provider.messages(model)) };
  },
  options: (common) => ({ anthropic: anthropicOptions(common) }),
};

function keyHeader(connection: ProviderConnection<"anthropic-compatible">): Record<string, string> {
  const { apiKey } = connection.config;
  return apiKey === undefined ? {} : { "x-api-key": connection.secret(apiKey) };
}

function withoutKey(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return (url, init) => {
    const headers = { ...(init?.headers as Record<string, string>) };
    if (headers["x-api-key"] === "none") delete headers["x-api-key"];
    return fetch(url, { ...init, headers });
  };
}
