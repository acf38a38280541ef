import type { Dialect } from "../../core/dialect.ts";
import { openAiPath } from "../openai-endpoints.ts";
import type { ProviderConfigOf } from "../provider-config.ts";
import type { ProviderDefinition } from "../provider-kind.ts";
import { openAiOptions } from "./openai.ts";

/** Azure's `v1` API names the deployment in the body, as OpenAI names the model. */
const V1_DIALECTS: readonly Dialect[] = [
  "openai/chat-completions",
  "openai/responses",
  "openai/completions",
  "openai/embeddings",
];
/** Dated versions name it in the path. */
const DATED_DIALECTS: readonly Dialect[] = [
  "openai/chat-completions",
  "openai/completions",
  "openai/embeddings",
  "openai/transcriptions",
  "openai/translations",
  "openai/speech",
];

export const azure: ProviderDefinition<"azure"> = {
  kind: "azure",
  system: "azure.ai.openai",
  catalogue: "azure",
  documentation: "https://learn.microsoft.com/azure/ai-foundry/openai/reference",
  input: ["text", "image", "audio", "file"],
  toolResultMedia: (config) => (config.api === "responses" ? ["*"] : []),
  logProbabilities: true,
  dialects: (config) => (config.apiVersion === undefined ? V1_DIALECTS : DATED_DIALECTS),
  endpoint(connection, dialect, model) {
    const { config } = connection;
    const path = openAiPath(dialect);
    const base = baseOf(config);
    return {
      url:
        config.apiVersion === undefined
          ? `${base}/v1${path}`
          : `${base}/deployments/${encodeURIComponent(model)}${path}?api-version=${config.apiVersion}`,
      headers: { "api-key": connection.secret(config.apiKey), ...connection.headers() },
    };
  },
  async load(connection) {
    const { createAzure } = await import("@ai-sdk/azure");
    const { config } = connection;
    const provider = createAzure({
      // Given whole, so that no rule of the package about host names decides the path.
      ...(config.apiVersion === undefined
        ? { baseURL: `${baseOf(config)}/v1` }
        : { baseURL: baseOf(config), apiVersion: config.apiVersion, useDeploymentBasedUrls: true }),
      apiKey: connection.secret(config.apiKey),
      headers: connection.headers(),
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

/** Up to and including `/openai`. */
function baseOf(config: ProviderConfigOf<"azure">): string {
  return config.baseUrl?.replace(/\/v1$/, "") ?? `https://${config.resourceName}.openai.azure.com/openai`;
}
