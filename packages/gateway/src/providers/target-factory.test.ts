import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import type { ChatCall } from "@homegrown/contracts";
import { ProviderUpstream } from "@homegrown/testing";
import { Agent } from "undici";
import { DIALECTS } from "../core/dialect.ts";
import type { Passthrough, PassthroughHandler, Target } from "../core/target.ts";
import { UpstreamError } from "../core/upstream-errors.ts";
import { providersConfigSchema } from "./provider-config.ts";
import type { Endpoint } from "./provider-kind.ts";
import { createTargets } from "./target-factory.ts";
import type { Targets } from "./target-factory.ts";

const dispatcher = new Agent();
const upstream = new ProviderUpstream();
let origin: string;
before(async () => {
  origin = await upstream.start();
});
after(async () => {
  await dispatcher.close();
  await upstream.stop();
});

const apiKey = { env: "TEST_KEY" };
const PROMPT: ChatCall["prompt"] = [{ role: "user", content: [{ type: "text", text: "hello" }] }];

interface EndpointPassthrough extends Passthrough {
  endpoint: Endpoint;
}

function targetsOf(
  config: object,
  environment: Record<string, string> = { TEST_KEY: "k" },
): Promise<Targets> {
  return createTargets(providersConfigSchema.parse(config), {
    dispatcher,
    environment,
    createPassthrough: (endpoint): EndpointPassthrough => ({ endpoint, dispatch() {} }),
  });
}

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

/** A chat completion, with more fields of it and of its choice. */
function answer(fields: object, choice: object = {}): string {
  return JSON.stringify({
    id: "c",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop", ...choice }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    ...fields,
  });
}

function chunk(delta: object, choice: object): string {
  const choices = [{ index: 0, delta, finish_reason: null, ...choice }];
  const event = { id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices };
  return `data: ${JSON.stringify(event)}\n\n`;
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

describe("translated calls", () => {
  const json = { "content-type": "application/json" };
  const logprobs = { content: [{ token: "Hi", logprob: -0.5, bytes: [72, 105], top_logprobs: [] }] };
  const tokens = [{ id: -1, text: "Hi", bytes: [72, 105], logProbability: -0.5, top: [] }];
  const providerOptions = {
    homegrown: { topLogProbabilities: 2, logitBias: { "5": -100 } },
    openai: { parallelToolCalls: false },
  };

  it("ask for log-probabilities in each protocol's words, and carry them with the text", async () => {
    const targets = await targetsOf({
      openai: { kind: "openai", apiKey, baseUrl: origin },
      local: { kind: "openai-compatible", baseUrl: origin },
      or: { kind: "openrouter", apiKey, baseUrl: origin },
      fireworks: { kind: "fireworks", apiKey, baseUrl: origin },
    });
    for (const id of ["openai/gpt-4o-mini", "local/m", "or/m", "fireworks/m"]) {
      const { chat } = await targets.find(id)!.acquire();
      upstream.script({ headers: json, body: answer({}, { logprobs }) });
      const whole = await chat!.doGenerate({ prompt: PROMPT, providerOptions });
      const body = upstream.requests[0]!.body as Record<string, unknown>;
      assert.deepEqual(
        [body["logprobs"], body["top_logprobs"], body["logit_bias"]],
        [true, 2, { "5": -100 }],
        id,
      );
      assert.equal(body["parallel_tool_calls"], false, id);
      assert.deepEqual(whole.content[0]!.providerMetadata?.["homegrown"], { tokens }, id);

      const stream =
        chunk({ role: "assistant", content: "Hi" }, { logprobs }) + chunk({}, { finish_reason: "stop" });
      upstream.script({
        headers: { "content-type": "text/event-stream" },
        body: `${stream}data: [DONE]\n\n`,
      });
      const deltas = [];
      for await (const part of (await chat!.doStream({ prompt: PROMPT, providerOptions })).stream) {
        assert.notEqual(part.type, "raw");
        if (part.type === "text-delta") deltas.push(part);
      }
      assert.deepEqual(deltas[0]!.providerMetadata?.["homegrown"], { tokens }, id);
    }
  });

  it("refuse log-probabilities where a provider has none to tell", async () => {
    const targets = await targetsOf({ a: { kind: "anthropic", apiKey, baseUrl: origin } });
    const { chat } = await targets.find("a/claude-sonnet-4-5")!.acquire();
    await assert.rejects(
      Promise.resolve(chat!.doGenerate({ prompt: PROMPT, providerOptions })),
      (error) => error instanceof UpstreamError && error.fault === "rejected",
    );
  });

  it("never fetch a file from an address that stands in a tool's result", async () => {
    const config = {
      kind: "vertex",
      baseUrl: `${origin}/v1`,
      project: "p",
      location: "us-central1",
      accessToken: apiKey,
    };
    const { chat } = await (await targetsOf({ v: config })).find("v/gemini-3-pro")!.acquire();
    for (const address of [
      "http://inside.example/a.png",
      "http://169.254.169.254/latest",
      `${origin}/a.png`,
    ]) {
      const data = { type: "url" as const, url: new URL(address) };
      const output = {
        type: "content" as const,
        value: [{ type: "file" as const, mediaType: "image/png", data }],
      };
      const prompt: ChatCall["prompt"] = [
        ...PROMPT,
        { role: "assistant", content: [{ type: "tool-call", toolCallId: "1", toolName: "f", input: {} }] },
        { role: "tool", content: [{ type: "tool-result", toolCallId: "1", toolName: "f", output }] },
      ];
      upstream.script({ headers: json, body: "{}" });
      await assert.rejects(
        async () => chat!.doGenerate({ prompt }),
        (error) =>
          error instanceof UpstreamError && error.fault === "rejected" && !error.message.includes(address),
      );
      assert.equal(upstream.requests.length, 0);
    }
  });

  it("understand an Anthropic client's options for an OpenAI server, and the other way round", async () => {
    const tools: ChatCall["tools"] = [{ type: "function", name: "f", inputSchema: { type: "object" } }];
    const targets = await targetsOf({
      local: { kind: "openai-compatible", baseUrl: origin },
      a: { kind: "anthropic-compatible", baseUrl: origin },
    });
    const local = (await targets.find("local/m")!.acquire()).chat!;
    upstream.script({ headers: json, body: answer({}) });
    const fromAnthropic = { anthropic: { disableParallelToolUse: true } };
    await local.doGenerate({ prompt: PROMPT, tools, topK: 7, providerOptions: fromAnthropic });
    const asked = upstream.requests[0]!.body as Record<string, unknown>;
    assert.deepEqual([asked["parallel_tool_calls"], asked["top_k"]], [false, 7]);

    const anthropic = (await targets.find("a/m")!.acquire()).chat!;
    const message = {
      id: "m",
      type: "message",
      role: "assistant",
      model: "m",
      content: [],
      stop_reason: "end_turn",
    };
    upstream.script({
      headers: json,
      body: JSON.stringify({ ...message, usage: { input_tokens: 1, output_tokens: 0 } }),
    });
    await anthropic.doGenerate({
      prompt: PROMPT,
      tools,
      providerOptions: { openai: { parallelToolCalls: false } },
    });
    const request = upstream.requests[0]!;
    const { tool_choice } = request.body as { tool_choice: object };
    assert.deepEqual(tool_choice, { type: "auto", disable_parallel_tool_use: true });
    assert.equal(request.headers["x-api-key"], undefined, "a key that nobody configured was sent");
  });

  it("embed, transcribe and speak, with the same failures", async () => {
    const targets = await targetsOf({ openai: { kind: "openai", apiKey, baseUrl: `${origin}/v1` } });
    const { embedding, transcription, speech } = await targets.find("openai/any")!.acquire();
    const data = [{ object: "embedding", index: 0, embedding: [0.5, -1] }];
    upstream.script({
      headers: json,
      body: JSON.stringify({
        object: "list",
        model: "any",
        data,
        usage: { prompt_tokens: 3, total_tokens: 3 },
      }),
    });
    const embedded = await embedding!.doEmbed({ values: ["hello"] });
    assert.deepEqual([embedded.embeddings, embedded.usage], [[[0.5, -1]], { tokens: 3 }]);
    upstream.script({ headers: json, body: JSON.stringify({ text: "Hello." }) });
    const audio = new TextEncoder().encode("RIFF");
    const heard = await transcription!.doGenerate({ audio, mediaType: "audio/wav" });
    assert.equal(heard.text, "Hello.");
    assert.match(upstream.requests[0]!.headers["content-type"]!, /^multipart\/form-data/);
    upstream.script({ headers: { "content-type": "audio/mpeg" }, body: "ID3" });
    const spoken = await speech!.doGenerate({ text: "Hello.", voice: "alloy" });
    assert.deepEqual(Buffer.from(spoken.audio as Uint8Array).toString(), "ID3");
    upstream.script({ status: 429, headers: { ...json, "retry-after-ms": "250" }, body: "{}" });
    for (const call of [
      () => embedding!.doEmbed({ values: ["a"] }),
      () => transcription!.doGenerate({ audio, mediaType: "audio/wav" }),
      () => speech!.doGenerate({ text: "a" }),
    ]) {
      await assert.rejects(
        async () => call(),
        (error) =>
          error instanceof UpstreamError && error.fault === "rate-limited" && error.retryAfterMs === 250,
      );
    }
  });
});
