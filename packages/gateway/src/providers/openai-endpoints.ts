// Where OpenAI's protocol has its endpoints, under a base URL that ends in the version.
import type { JSONObject } from "@ai-sdk/provider";
import type { Dialect } from "../core/dialect.ts";
import type { CommonOptions, Endpoint, ProviderConnection } from "./provider-kind.ts";

export const OPENAI_PATHS = {
  "openai/chat-completions": "/chat/completions",
  "openai/responses": "/responses",
  "openai/completions": "/completions",
  "openai/embeddings": "/embeddings",
  "openai/transcriptions": "/audio/transcriptions",
  "openai/translations": "/audio/translations",
  "openai/speech": "/audio/speech",
} as const;
export type OpenAiDialect = keyof typeof OPENAI_PATHS;

export const ALL_OPENAI_DIALECTS = Object.keys(OPENAI_PATHS) as readonly OpenAiDialect[];

export function openAiPath(dialect: Dialect): string {
  return OPENAI_PATHS[dialect as OpenAiDialect];
}

export function bearer(connection: ProviderConnection): Record<string, string> {
  const key = "apiKey" in connection.config ? connection.config.apiKey : undefined;
  return key === undefined ? {} : { authorization: `Bearer ${connection.secret(key)}` };
}

/** `{base}{path}` with a bearer token; the configured headers win. */
export function openAiEndpoint(connection: ProviderConnection, base: string, dialect: Dialect): Endpoint {
  return {
    url: `${connection.config.baseUrl ?? base}${openAiPath(dialect)}`,
    headers: { ...bearer(connection), ...connection.headers() },
  };
}

/** In the words of most packages. */
export function strictOption({ strictSchema }: CommonOptions): JSONObject {
  return strictSchema === undefined ? {} : { strictJsonSchema: strictSchema };
}

/** For packages that put unknown options into the body as they are: the wire's own names. */
export function wireOptions(common: CommonOptions): JSONObject {
  return {
    ...(common.topLogProbabilities !== undefined && {
      logprobs: true,
      top_logprobs: common.topLogProbabilities,
    }),
    ...(common.logitBias !== undefined && { logit_bias: { ...common.logitBias } }),
    ...(common.parallelToolCalls !== undefined && { parallel_tool_calls: common.parallelToolCalls }),
    ...strictOption(common),
  };
}
