import type { Dialect } from "../../core/dialect.ts";
import type { CommonOptions, Endpoint, ProviderConnection, ProviderDefinition } from "../provider-kind.ts";

const BASE = "https://api.anthropic.com/v1";
const VERSION = "2023-06-01";

export const ANTHROPIC_DIALECTS: readonly Dialect[] = ["anthropic/messages", "anthropic/count-tokens"];

export const anthropic: ProviderDefinition<"anthropic"> = {
  kind: "anthropic",
  system: "anthropic",
  catalogue: "anthropic",
  documentation: "https://docs.anthropic.com/en/api/messages",
  input: ["text", "image", "file"],
  logProbabilities: false,
  dialects: () => ANTHROPIC_DIALECTS,
  endpoint: (connection, dialect) =>
    anthropicEndpoint(connection, BASE, dialect, {
      "x-api-key": connection.secret(connection.config.apiKey),
    }),
  async load(connection) {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    const provider = createAnthropic({
      baseURL: connection.config.baseUrl ?? BASE,
      apiKey: connection.secret(connection.config.apiKey),
      headers: connection.headers(),
      fetch: connection.fetch,
    });
    return { chat: (model) => provider.messages(model) };
  },
  options: (common) => ({ anthropic: anthropicOptions(common) }),
};

export function anthropicEndpoint(
  connection: ProviderConnection,
  base: string,
  dialect: Dialect,
  authentication: Record<string, string>,
): Endpoint {
  const path = dialect === "anthropic/count-tokens" ? "/messages/count_tokens" : "/messages";
  return {
    url: `${connection.config.baseUrl ?? base}${path}`,
    headers: { ...authentication, ...connection.headers() },
    defaultHeaders: { "anthropic-version": VERSION },
  };
}

export function anthropicOptions(common: CommonOptions): Record<string, boolean> {
  return common.parallelToolCalls === undefined ? {} : { disableParallelToolUse: !common.parallelToolCalls };
}
