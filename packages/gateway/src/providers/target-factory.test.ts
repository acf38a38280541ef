import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, describe, it } from "node:test";
import { DIALECTS } from "../core/dialect.ts";
import type { PassthroughHandler, Target } from "../core/target.ts";
import { UpstreamError } from "../core/upstream-errors.ts";
import { apiKey, createTestTargets } from "./targets.fixture.ts";
import type { EndpointPassthrough } from "./targets.fixture.ts";

const { targetsOf, close } = createTestTargets();
after(close);

function endpoints(target: Target): Record<string, string> {
  const found: Record<string, string> = {};
  for (const dialect of DIALECTS) {
    const passthrough = target.passthrough(dialect) as EndpointPassthrough | undefined;
    if (passthrough !== undefined) found[dialect] = passthrough.endpoint.url;
  }
  return found;
}

function isMissing(error: unknown): boolean {
  return (
    error instanceof UpstreamError &&
    error.fault === "unauthenticated" &&
    /TEST_KEY is not set/.test(error.message)
  );
}

describe("passing through", () => {
  it("leads to each provider's own endpoints", async () => {
    const targets = await targetsOf({
      openai: { kind: "openai", apiKey, project: "proj" },
      v1: { kind: "azure", apiKey, resourceName: "res" },
      dated: { kind: "azure", apiKey, resourceName: "res", apiVersion: "2024-10-21" },
      anthropic: { kind: "anthropic", apiKey },
      local: { kind: "openai-compatible", baseUrl: "http://127.0.0.1:8000/v1" },
      responses: { kind: "openai-compatible", baseUrl: "http://h/v1", responses: true, audio: true },
      groq: { kind: "groq", apiKey },
      deepseek: { kind: "deepseek", apiKey },
    });
    const of = (id: string) => endpoints(targets.find(id)!);
    assert.deepEqual(of("openai/gpt-5"), {
      "openai/chat-completions": "https://api.openai.com/v1/chat/completions",
      "openai/responses": "https://api.openai.com/v1/responses",
      "openai/completions": "https://api.openai.com/v1/completions",
      "openai/embeddings": "https://api.openai.com/v1/embeddings",
      "openai/transcriptions": "https://api.openai.com/v1/audio/transcriptions",
      "openai/translations": "https://api.openai.com/v1/audio/translations",
      "openai/speech": "https://api.openai.com/v1/audio/speech",
    });
    assert.equal(of("v1/my-gpt")["openai/responses"], "https://res.openai.azure.com/openai/v1/responses");
    assert.equal(
      of("dated/my gpt")["openai/speech"],
      "https://res.openai.azure.com/openai/deployments/my%20gpt/audio/speech?api-version=2024-10-21",
    );
    assert.deepEqual(of("anthropic/claude-sonnet-4-5"), {
      "anthropic/messages": "https://api.anthropic.com/v1/messages",
      "anthropic/count-tokens": "https://api.anthropic.com/v1/messages/count_tokens",
    });
    assert.deepEqual(Object.keys(of("local/m")), [
      "openai/chat-completions",
      "openai/completions",
      "openai/embeddings",
    ]);
    assert.equal(Object.keys(of("responses/m")).length, 7);
    assert.equal(of("groq/m")["openai/chat-completions"], "https://api.groq.com/openai/v1/chat/completions");
    assert.deepEqual(of("deepseek/m"), {
      "openai/chat-completions": "https://api.deepseek.com/chat/completions",
    });
  });

  it("carries the provider's authentication and the configured headers", async () => {
    const targets = await targetsOf(
      {
        openai: {
          kind: "openai",
          apiKey,
          project: "proj",
          headers: { "X-Team": "a", "x-token": { env: "OTHER" } },
        },
        azure: { kind: "azure", apiKey, resourceName: "r" },
        anthropic: { kind: "anthropic", apiKey },
        open: { kind: "anthropic-compatible", baseUrl: "http://h/v1" },
      },
      { TEST_KEY: "k", OTHER: "o" },
    );
    const endpoint = (id: string, dialect: (typeof DIALECTS)[number]) =>
      (targets.find(id)!.passthrough(dialect) as EndpointPassthrough).endpoint;
    const headers = (id: string, dialect: (typeof DIALECTS)[number]) => endpoint(id, dialect).headers;
    assert.deepEqual(headers("openai/m", "openai/responses"), {
      "openai-project": "proj",
      authorization: "Bearer k",
      "x-team": "a",
      "x-token": "o",
    });
    assert.deepEqual(headers("azure/m", "openai/responses"), { "api-key": "k" });
    assert.deepEqual(headers("anthropic/m", "anthropic/messages"), { "x-api-key": "k" });
    assert.deepEqual(headers("open/m", "anthropic/messages"), {});
    for (const id of ["anthropic/m", "open/m"]) {
      const { defaultHeaders } = endpoint(id, "anthropic/messages");
      assert.deepEqual(defaultHeaders, { "anthropic-version": "2023-06-01" });
    }
  });

  it("is not offered where a provider has a protocol of its own", async () => {
    const targets = await targetsOf({
      google: { kind: "google", apiKey },
      mistral: { kind: "mistral", apiKey },
      cohere: { kind: "cohere", apiKey },
      bedrock: { kind: "bedrock", apiKey, region: "eu-central-1" },
      vertex: { kind: "vertex", apiKey },
    });
    for (const name of ["google", "mistral", "cohere", "bedrock", "vertex"]) {
      assert.deepEqual(endpoints(targets.find(`${name}/m`)!), {}, name);
    }
  });
});

describe("targets", () => {
  it("are found by provider and model, whose name may hold slashes, and kept", async () => {
    const targets = await targetsOf({ or: { kind: "openrouter", apiKey } });
    const target = targets.find("or/anthropic/claude-sonnet-4.5")!;
    assert.equal(target.model, "anthropic/claude-sonnet-4.5");
    assert.equal(targets.find("or/anthropic/claude-sonnet-4.5"), target);
    assert.deepEqual([target.own, target.rights, target.system], [false, "evaluate", "openrouter"]);
    for (const id of ["nobody/m", "or/", "or", "/m", ""]) assert.equal(targets.find(id), undefined, id);
    assert.equal((await targetsOf({})).find("or/m"), undefined);
  });

  it("know prices and limits from the catalogue or the configuration, or say that they do not", async () => {
    const price = { inputUsdPerMillion: 1, outputUsdPerMillion: 2, asOf: "2026-11-01" };
    const targets = await targetsOf({
      openai: { kind: "openai", apiKey, models: { "gpt-4o": { price, contextTokens: 5, tools: false } } },
      azure: { kind: "azure", apiKey, resourceName: "r", models: { mine: { catalogueName: "gpt-4o-mini" } } },
      local: { kind: "openai-compatible", baseUrl: "http://h/v1" },
    });
    const mini = targets.find("openai/gpt-4o-mini")!;
    assert.deepEqual([mini.price?.inputPerToken, mini.price?.source], [150, "genai-prices 0.1.8"]);
    assert.equal(mini.capabilities.contextTokens, 128_000);
    assert.equal(targets.find("azure/mine")!.price?.outputPerToken, 600);
    const own = targets.find("openai/gpt-4o")!;
    assert.deepEqual([own.price?.outputPerToken, own.price?.source], [2000, "config"]);
    assert.deepEqual([own.capabilities.contextTokens, own.capabilities.tools], [5, false]);
    for (const id of ["local/gpt-4o", "openai/gpt-99", "azure/gpt-unknown"]) {
      assert.equal(targets.find(id)!.price, undefined, id);
      assert.equal(targets.find(id)!.capabilities.contextTokens, undefined, id);
    }
  });

  it("whose secret is missing say which variable to set, and find it once it is", async () => {
    const environment: Record<string, string> = {};
    const targets = await targetsOf({ openai: { kind: "openai", apiKey } }, environment);
    const target = targets.find("openai/gpt-5")!;
    await assert.rejects(target.acquire(), isMissing);
    const failure = await new Promise((onError) => {
      const handler = { onError } as unknown as PassthroughHandler;
      const request = {
        dialect: "openai/responses",
        body: Buffer.alloc(0),
        contentType: "",
        headers: {},
        connectTimeoutMs: 1,
      } as const;
      target.passthrough("openai/responses")!.dispatch(request, handler);
    });
    assert.ok(isMissing(failure));
    environment["TEST_KEY"] = "k";
    assert.ok((await target.acquire()).chat);
    assert.ok((target.passthrough("openai/responses") as EndpointPassthrough).endpoint);
  });

  it("load a provider's package when first used, and nothing of it before", () => {
    const index = new URL("../index.ts", import.meta.url).href;
    const factory = new URL("target-factory.ts", import.meta.url).href;
    const script = `
      import { registerHooks } from "node:module";
      const loaded = [];
      registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
      await import(${JSON.stringify(index)});
      const { createTargets } = await import(${JSON.stringify(factory)});
      const provider = /node_modules\\/(@ai-sdk\\/(?!provider\\/)|@openrouter|google-auth|zod-to)/;
      const before = loaded.filter((url) => provider.test(url));
      const targets = await createTargets({ g: { kind: "groq", apiKey: { env: "K" } } }, { environment: { K: "k" } });
      const named = loaded.filter((url) => provider.test(url));
      await targets.find("g/m").acquire();
      const used = loaded.some((url) => url.includes("/@ai-sdk/groq/"));
      const others = loaded.some((url) => /@ai-sdk\\/(openai|anthropic|google)\\//.test(url));
      console.log(JSON.stringify({ before, named, used, others }));`;
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    assert.deepEqual(JSON.parse(output), { before: [], named: [], used: true, others: false });
  });
});
