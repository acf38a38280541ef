import { HomegrownError } from "@homegrown/contracts";
import { noEndpoint } from "../no-endpoint.ts";
import type { ProviderConnection, ProviderDefinition } from "../provider-kind.ts";

/** The package's own settings type; a caller's `authClient` needs only to hand out a token. */
type Vertex = typeof import("@ai-sdk/google-vertex");
type AuthOptions = NonNullable<NonNullable<Parameters<Vertex["createGoogleVertex"]>[0]>["googleAuthOptions"]>;

export const vertex: ProviderDefinition<"vertex"> = {
  kind: "vertex",
  system: "gcp.vertex_ai",
  catalogue: "google",
  documentation: "https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference",
  input: ["text", "image", "audio", "video", "file"],
  toolResultMedia: () => ["*"],
  logProbabilities: false,
  dialects: () => [],
  endpoint: noEndpoint,
  async load(connection) {
    const { createGoogleVertex } = await import("@ai-sdk/google-vertex");
    const { config } = connection;
    const googleAuthOptions = authOptions(connection);
    const provider = createGoogleVertex({
      ...(config.baseUrl !== undefined && { baseURL: config.baseUrl }),
      ...(config.project !== undefined && { project: config.project }),
      ...(config.location !== undefined && { location: config.location }),
      // An empty key keeps the package from looking for one in the environment.
      apiKey: config.apiKey === undefined ? "" : connection.secret(config.apiKey),
      ...(googleAuthOptions !== undefined && { googleAuthOptions }),
      headers: connection.headers(),
      fetch: connection.fetch,
    });
    return {
      chat: (model) => provider.languageModel(model),
      embedding: (model) => provider.textEmbeddingModel(model),
      transcription: (model) => provider.transcription(model),
      speech: (model) => provider.speech(model),
    };
  },
};

/** Undefined leaves it to what the machine provides (application default credentials). */
function authOptions(connection: ProviderConnection<"vertex">): AuthOptions | undefined {
  const { accessToken, credentials } = connection.config;
  if (accessToken !== undefined) {
    const token = connection.secret(accessToken);
    return { authClient: { getAccessToken: async () => ({ token }) } as AuthOptions["authClient"] & object };
  }
  if (credentials === undefined) return undefined;
  try {
    return {
      credentials: JSON.parse(connection.secret(credentials)) as AuthOptions["credentials"] & object,
    };
  } catch (error) {
    if (error instanceof HomegrownError) throw error;
    // Not the parser's message: it quotes the key.
    throw new HomegrownError({
      code: "gateway/invalid-credential",
      kind: "unavailable",
      message: `The environment variable ${credentials.env} does not hold the JSON of credentials.`,
      hint: "Put the whole text of the key file into it.",
      retryable: true,
    });
  }
}
