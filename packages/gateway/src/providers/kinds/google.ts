import type { ProviderDefinition } from "../provider-kind.ts";
import { noEndpoint } from "../no-endpoint.ts";

const BASE = "https://generativelanguage.googleapis.com/v1beta";

/** Its OpenAI-compatible endpoint is a beta that loses thought signatures; so nothing passes through. */
export const google: ProviderDefinition<"google"> = {
  kind: "google",
  system: "gcp.gemini",
  catalogue: "google",
  documentation: "https://ai.google.dev/api/generate-content",
  input: ["text", "image", "audio", "video", "file"],
  toolResultMedia: () => ["*"],
  logProbabilities: false,
  dialects: () => [],
  endpoint: noEndpoint,
  async load(connection) {
    const { createGoogle } = await import("@ai-sdk/google");
    const provider = createGoogle({
      baseURL: connection.config.baseUrl ?? BASE,
      apiKey: connection.secret(connection.config.apiKey),
      headers: connection.headers(),
      fetch: connection.fetch,
    });
    return {
      chat: (model) => provider.chat(model),
      embedding: (model) => provider.embedding(model),
      transcription: (model) => provider.transcription(model),
      speech: (model) => provider.speech(model),
    };
  },
};
