import type { ChatModel } from "@homegrown/contracts";
import type { Dialect } from "../../core/dialect.ts";
import { withProvenThinking } from "../proven-thinking.ts";
import type { CommonOptions, Endpoint, ProviderConnection, ProviderDefinition } from "../provider-kind.ts";

const BASE = "https://api.anthropic.com/v1";
const VERSION = "2023-06-01";

export const ANTHROPIC_DIALECTS: readonly Dialect[] = ["anthropic/messages", "anthropic/count-tokens"];
/** Other files its package leaves out of results, with a warning. */
export const ANTHROPIC_TOOL_RESULT_MEDIA: readonly string[] = ["image/*", "application/pdf"];

export const anthropic: ProviderDefinition<"anthropic"> = {
  kind: "anthropic",
  system: "anthropic",
  catalogue: "anthropic",
  documentation: "https://docs.anthropic.com/en/api/messages",
  input: ["text", "image", "file"],
  toolResultMedia: () => ANTHROPIC_TOOL_RESULT_MEDIA,
  logProbabilities: false,
  dialects: () => ANTHROPIC_DIALECTS,
  endpoint: (connection, dialect) =>
    anthropicEndpoint(connection, BASE, dialect, {
      "x-api-key": connection.secret(connection.config.apiKey),
    }),
  async load(connection) {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    const thinkingProven = await loadThinkingRule();
    const provider = createAnthropic({
      baseURL: connection.config.baseUrl ?? BASE,
      apiKey: connection.secret(connection.config.apiKey),
      headers: connection.headers(),
      fetch: connection.fetch,
    });
    return { chat: (model) => thinkingProven(provider.messages(model)) };
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

/** The package knows which models think by a budget. */
export async function loadThinkingRule(): Promise<(model: ChatModel) => ChatModel> {
  const { getModelCapabilities } = await import("@ai-sdk/anthropic/internal");
  return (model) => withProvenThinking(model, getModelCapabilities(model.modelId).supportsAdaptiveThinking);
}

export function anthropicOptions(common: CommonOptions): Record<string, boolean> {
  return common.parallelToolCalls === undefined ? {} : { disableParallelToolUse: !common.parallelToolCalls };
}
