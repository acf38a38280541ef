import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EmbeddingModel } from "@homegrown/contracts";
import OpenAI from "openai";
import type { EmbeddingTranslation } from "../../../core/model-request.ts";
import type { TokenUsage } from "../../../core/token-usage.ts";
import { parseJsonBody } from "../../../server/json-body.ts";
import { parseEmbedding } from "./request.ts";

type Call = Parameters<EmbeddingModel["doEmbed"]>[0];

/** Vectors that tell the text's length; counts calls, and how many ran at once. */
class Embedder implements EmbeddingModel {
  readonly specificationVersion = "v4";
  readonly provider = "test";
  readonly modelId = "lengths";
  readonly supportsParallelCalls = true;
  readonly calls: Call[] = [];
  running = 0;
  mostRunning = 0;
  readonly maxEmbeddingsPerCall: number | undefined;
  readonly #counts: boolean;

  constructor(maxEmbeddingsPerCall?: number, counts = true) {
    this.maxEmbeddingsPerCall = maxEmbeddingsPerCall;
    this.#counts = counts;
  }

  async doEmbed(call: Call): Promise<Awaited<ReturnType<EmbeddingModel["doEmbed"]>>> {
    this.calls.push(call);
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    this.running--;
    return {
      embeddings: call.values.map((text) => [text.length, 0.1, -1e-8]),
      ...(this.#counts && { usage: { tokens: call.values.length * 2 } }),
      warnings: [],
    };
  }
}

function translate(fields: object): EmbeddingTranslation {
  const request = parseEmbedding(parseJsonBody(Buffer.from(JSON.stringify({ model: "m", ...fields })), 100));
  return request.translate() as EmbeddingTranslation;
}

async function run(model: EmbeddingModel, fields: object): Promise<{ body: string; usage: TokenUsage }> {
  const { signal } = new AbortController();
  const head = { id: "x", createdAt: 1, model: "m", version: "v" };
  const answer = translate(fields).run(model, {
    signal,
    head,
    maxOutputTokens: undefined,
    parallelChoices: 2,
  });
  assert.ok(answer.kind === "whole");
  const { body, usage } = await answer.answer;
  return { body: body as string, usage };
}

describe("embeddings", () => {
  it("reach OpenAI's client, which asks for base64 by itself, as the numbers they are", async () => {
    const asked: unknown[] = [];
    const client = new OpenAI({
      apiKey: "none",
      fetch: async (_url, init) => {
        const fields = JSON.parse(String(init?.body)) as object;
        asked.push(fields);
        const headers = { "content-type": "application/json" };
        return new Response((await run(new Embedder(), fields)).body, { headers });
      },
    });
    const list = await client.embeddings.create({ model: "m", input: ["a", "bcd"] });
    assert.equal((asked[0] as { encoding_format: string }).encoding_format, "base64");
    assert.deepEqual(
      list.data.map(({ index, embedding }) => [index, ...embedding.map((value) => Math.fround(value))]),
      [
        [0, 1, Math.fround(0.1), Math.fround(-1e-8)],
        [1, 3, Math.fround(0.1), Math.fround(-1e-8)],
      ],
    );
    assert.deepEqual(list.usage, { prompt_tokens: 4, total_tokens: 4 });
    const floats = await client.embeddings.create({ model: "m", input: "a", encoding_format: "float" });
    assert.deepEqual(floats.data[0]!.embedding, [1, 0.1, -1e-8]);
  });

  it("are made in as many calls as the model's limit demands, in order", async () => {
    const model = new Embedder(3);
    const input = Array.from({ length: 10 }, (_, index) => "x".repeat(index));
    const { body, usage } = await run(model, { input, dimensions: 3, user: "u" });
    const { data } = JSON.parse(body) as { data: { embedding: number[] }[] };
    assert.deepEqual(
      data.map(({ embedding }) => embedding[0]),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    assert.deepEqual(
      model.calls.map(({ values }) => values.length),
      [3, 3, 3, 1],
    );
    assert.ok(model.calls.every(({ dimensions }) => dimensions === 3));
    assert.deepEqual(model.calls[0]!.providerOptions, { openai: { user: "u" } });
    assert.equal(model.mostRunning, 2);
    assert.deepEqual([usage.input, usage.estimated], [20, false]);
  });

  it("are counted here, and marked, where the model does not count", async () => {
    const { usage } = await run(new Embedder(undefined, false), { input: ["four", "five5"] });
    assert.deepEqual([usage.input, usage.estimated], [3, true]);
  });

  it("of token ids pass through only", () => {
    for (const input of [
      [1, 2],
      [[1], [2]],
    ]) {
      assert.throws(() => translate({ input }), {
        code: "gateway/invalid-request",
        details: { param: "input", fault: "unsupported" },
      });
    }
  });

  it("of a model that breaks its promise are an error", async () => {
    const short = Object.assign(new Embedder(), {
      doEmbed: async () => ({ embeddings: [[1]], warnings: [] }),
    });
    await assert.rejects(run(short, { input: ["a", "b"] }), { code: "gateway/model-failed" });
    const infinite = Object.assign(new Embedder(), {
      doEmbed: async () => ({ embeddings: [[Number.NaN]], warnings: [] }),
    });
    await assert.rejects(run(infinite, { input: "a" }), { code: "gateway/model-failed" });
  });

  it("refuse what OpenAI refuses", () => {
    const faults: [param: string, fields: object][] = [
      ["input", {}],
      ["input", { input: [] }],
      ["input", { input: Array.from({ length: 2049 }, () => "a") }],
      ["input", { input: ["a", 1] }],
      ["dimensions", { input: "a", dimensions: 0 }],
      ["encoding_format", { input: "a", encoding_format: "int8" }],
    ];
    for (const [param, fields] of faults) {
      assert.throws(
        () => translate(fields),
        (error: { details: { param: string } }) => error.details.param === param,
        JSON.stringify(fields).slice(0, 80),
      );
    }
  });
});
