import { noEndpoint } from "../no-endpoint.ts";
import type { ProviderDefinition } from "../provider-kind.ts";

export const bedrock: ProviderDefinition<"bedrock"> = {
  kind: "bedrock",
  system: "aws.bedrock",
  catalogue: "aws",
  documentation: "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html",
  input: ["text", "image", "video", "file"],
  toolResultMedia: () => ["*"],
  logProbabilities: false,
  dialects: () => [],
  endpoint: noEndpoint,
  async load(connection) {
    const { createAmazonBedrock } = await import("@ai-sdk/amazon-bedrock");
    const { region, baseUrl, apiKey, accessKeyId, secretAccessKey, sessionToken } = connection.config;
    const provider = createAmazonBedrock({
      region,
      baseURL: baseUrl ?? `https://bedrock-runtime.${region}.amazonaws.com`,
      // An empty key keeps the package from looking for one in the environment, and means: sign.
      apiKey: apiKey === undefined ? "" : connection.secret(apiKey),
      ...(accessKeyId !== undefined && { accessKeyId: connection.secret(accessKeyId) }),
      ...(secretAccessKey !== undefined && { secretAccessKey: connection.secret(secretAccessKey) }),
      ...(sessionToken !== undefined && { sessionToken: connection.secret(sessionToken) }),
      headers: connection.headers(),
      fetch: connection.fetch,
    });
    return {
      chat: (model) => provider.languageModel(model),
      embedding: (model) => provider.embedding(model),
    };
  },
};
