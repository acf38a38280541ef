// What a provider's own server is asked, and what comes of its answers, beyond what the contract covers.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { ChatCall } from "@homegrown/contracts";
import { ProviderUpstream } from "@homegrown/testing";
import { UpstreamError } from "../core/upstream-errors.ts";
import { apiKey, startTestUpstream } from "./targets.fixture.ts";

const { targetsOf, upstream, origin } = await startTestUpstream();

const PROMPT: ChatCall["prompt"] = [{ role: "user", content: [{ type: "text", text: "hello" }] }];

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

describe("translated calls", () => {
  const json = { "content-type": "application/json" };
  const logprobs = { content: [{ token: "Hi", logprob: -0.5, bytes: [72, 105], top_logprobs: [] }] };
  const tokens = [{ id: -1, text: "Hi", bytes: [72, 105], logProbability: -0.5, top: [] }];
  const providerOptions = {
    homegrown: { topLogProbabilities: 2, logitBias: { "5": -100 } },
    openai: { parallelToolCalls: false },
  };

  it("ask for a strict schema where the client does, and not where it does not", async () => {
    const targets = await targetsOf({
      openai: { kind: "openai", apiKey, baseUrl: origin },
      local: { kind: "openai-compatible", baseUrl: origin },
      groq: { kind: "groq", apiKey, baseUrl: origin },
      fireworks: { kind: "fireworks", apiKey, baseUrl: origin },
      mistral: { kind: "mistral", apiKey, baseUrl: origin },
    });
    const schema = { type: "object" as const, properties: { a: { type: "string" as const } } };
    const responseFormat = { type: "json" as const, name: "n", schema };
    const models = ["openai/gpt-4o-mini", "local/m", "groq/openai/gpt-oss-20b", "fireworks/m"];
    for (const id of [...models, "mistral/m"]) {
      for (const strict of [false, true]) {
        const { chat } = await targets.find(id)!.acquire();
        upstream.script({ headers: json, body: answer({}) });
        await chat!.doGenerate({
          prompt: PROMPT,
          responseFormat,
          providerOptions: { openai: { strictJsonSchema: strict } },
        });
        const { response_format: format } = upstream.requests[0]!.body as {
          response_format?: { json_schema?: { strict?: boolean } };
        };
        assert.equal(format?.json_schema?.strict, strict, `${id} ${JSON.stringify(format)}`);
      }
    }
  });

  it("name what was asked for and the provider has no word for, streamed and not", async () => {
    const targets = await targetsOf({
      local: { kind: "openai-compatible", baseUrl: origin },
      groq: { kind: "groq", apiKey, baseUrl: origin },
    });
    const asked = {
      prompt: PROMPT,
      providerOptions: { homegrown: { logitBias: { "5": -100 } }, openai: { textVerbosity: "low" } },
    };
    const expected = { "local/m": ["verbosity"], "groq/m": ["logit_bias", "verbosity"] };
    for (const [id, lost] of Object.entries(expected)) {
      const { chat } = await targets.find(id)!.acquire();
      upstream.script({ headers: json, body: answer({}) });
      const { warnings } = await chat!.doGenerate(asked);
      const features = warnings.map((warning) => warning.type === "unsupported" && warning.feature);
      assert.deepEqual(features, lost, id);
      upstream.script({
        headers: { "content-type": "text/event-stream" },
        body: [chunk({ content: "Hi" }, {}), chunk({}, { finish_reason: "stop" }), "data: [DONE]\n\n"].join(
          "",
        ),
      });
      const { stream } = await chat!.doStream(asked);
      for await (const part of stream) {
        if (part.type === "stream-start") assert.deepEqual(part.warnings, warnings, id);
        else assert.notEqual(part.type, "error");
      }
    }
  });

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

  it("get Vertex's tokens from whoever the credentials name, and ask for one once", async () => {
    const issuer = new ProviderUpstream();
    const folder = await mkdtemp(join(tmpdir(), "vertex-"));
    try {
      const file = join(folder, "subject");
      await writeFile(file, "subject-token");
      const token = { access_token: "issued", token_type: "Bearer", expires_in: 3600 };
      const url = await issuer.start();
      issuer.script({
        headers: json,
        body: JSON.stringify({
          ...token,
          issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
        }),
      });
      const credentials = JSON.stringify({
        type: "external_account",
        audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x",
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        token_url: `${url}/token`,
        credential_source: { file },
      });
      const config = {
        kind: "vertex",
        baseUrl: origin,
        project: "p",
        location: "us-central1",
        credentials: { env: "C" },
      };
      const { chat } = await (
        await targetsOf({ v: config }, { C: credentials })
      )
        .find("v/gemini-2.5-flash")!
        .acquire();
      const candidates = [
        { content: { role: "model", parts: [{ text: "Hi" }] }, finishReason: "STOP", index: 0 },
      ];
      upstream.script({ headers: json, body: JSON.stringify({ candidates }) });
      for (let call = 0; call < 2; call++) await chat!.doGenerate({ prompt: PROMPT });
      assert.deepEqual(
        upstream.requests.map(({ headers }) => headers.authorization),
        ["Bearer issued", "Bearer issued"],
      );
      assert.equal(issuer.requests.length, 1);
      const broken = (await targetsOf({ v: config }, { C: "{not json secret" })).find("v/m")!;
      await assert.rejects(
        broken.acquire(),
        (error: Error) => /does not hold the JSON/.test(error.message) && !/secret/.test(error.message),
      );
    } finally {
      await issuer.stop();
      await rm(folder, { recursive: true });
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
