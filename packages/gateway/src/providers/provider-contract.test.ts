// Every kind, and every way of calling it, against the answers of its specification.
import { after } from "node:test";
import { PROVIDER_TEST_KEY, providerContract } from "@homegrown/testing";
import { Agent } from "undici";
import { providersConfigSchema } from "./provider-config.ts";
import { createTargets } from "./target-factory.ts";

const dispatcher = new Agent({ connect: { timeout: 2_000 } });
after(() => dispatcher.close());

const apiKey = { env: "TEST_KEY" };
const environment = {
  TEST_KEY: PROVIDER_TEST_KEY,
  ACCESS_KEY_ID: "AKIDEXAMPLE",
  SECRET_ACCESS_KEY: "wJalrXUtnFEMI",
};

function createPassthrough(): never {
  throw new Error("nothing passes through here");
}

/** One provider's configuration for a server at `origin`, and the folder that says what comes of it. */
function contract(name: string, toConfig: (origin: string) => object): void {
  providerContract({
    name,
    fixtures: new URL(`fixtures/${name}/`, import.meta.url),
    async connect(origin, model) {
      const config = providersConfigSchema.parse({ p: toConfig(origin) });
      const targets = await createTargets(config, { dispatcher, environment, createPassthrough });
      const lease = await targets.find(`p/${model}`)!.acquire();
      return lease.chat!;
    },
  });
}

contract("openai", (origin) => ({ kind: "openai", baseUrl: `${origin}/v1`, apiKey }));
contract("openai-responses", (origin) => ({
  kind: "openai",
  baseUrl: `${origin}/v1`,
  apiKey,
  api: "responses",
}));
contract("azure", (origin) => ({ kind: "azure", baseUrl: `${origin}/openai`, apiKey }));
contract("azure-dated", (origin) => ({
  kind: "azure",
  baseUrl: `${origin}/openai`,
  apiKey,
  apiVersion: "2024-10-21",
}));
contract("anthropic", (origin) => ({ kind: "anthropic", baseUrl: `${origin}/v1`, apiKey }));
contract("google", (origin) => ({ kind: "google", baseUrl: `${origin}/v1beta`, apiKey }));
contract("vertex", (origin) => ({
  kind: "vertex",
  baseUrl: `${origin}/v1beta1/projects/p/locations/europe-west4/publishers/google`,
  accessToken: apiKey,
  project: "p",
  location: "europe-west4",
}));
contract("vertex-express", (origin) => ({
  kind: "vertex",
  baseUrl: `${origin}/v1/publishers/google`,
  apiKey,
}));
contract("bedrock", (origin) => ({ kind: "bedrock", baseUrl: origin, region: "eu-central-1", apiKey }));
contract("bedrock-signed", (origin) => ({
  kind: "bedrock",
  baseUrl: origin,
  region: "eu-central-1",
  accessKeyId: { env: "ACCESS_KEY_ID" },
  secretAccessKey: { env: "SECRET_ACCESS_KEY" },
}));
contract("mistral", (origin) => ({ kind: "mistral", baseUrl: `${origin}/v1`, apiKey }));
contract("groq", (origin) => ({ kind: "groq", baseUrl: `${origin}/openai/v1`, apiKey }));
contract("xai", (origin) => ({ kind: "xai", baseUrl: `${origin}/v1`, apiKey }));
contract("deepseek", (origin) => ({ kind: "deepseek", baseUrl: origin, apiKey }));
contract("together", (origin) => ({ kind: "together", baseUrl: `${origin}/v1`, apiKey }));
contract("fireworks", (origin) => ({ kind: "fireworks", baseUrl: `${origin}/inference/v1`, apiKey }));
contract("cohere", (origin) => ({ kind: "cohere", baseUrl: `${origin}/v2`, apiKey }));
contract("openrouter", (origin) => ({ kind: "openrouter", baseUrl: `${origin}/api/v1`, apiKey }));
contract("openai-compatible", (origin) => ({ kind: "openai-compatible", baseUrl: `${origin}/v1`, apiKey }));
contract("anthropic-compatible", (origin) => ({
  kind: "anthropic-compatible",
  baseUrl: `${origin}/v1`,
  apiKey,
}));
