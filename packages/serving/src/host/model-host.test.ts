import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { CompletionPart, CompletionRequest, TokenLogProbability } from "@homegrown/contracts";
import { makeTinyModelFolder } from "../test-models/tiny-gguf.ts";
import type { TinyModel, TinyModelFolder } from "../test-models/tiny-gguf.ts";
import { startModelHost } from "./model-host.ts";
import type { ModelHost } from "./model-host.ts";

const PROMPT = "export interface";

let folder: TinyModelFolder;
let model: TinyModel;
let host: ModelHost;
before(async () => {
  folder = await makeTinyModelFolder();
  model = await folder.make(1);
  host = await startModelHost({ ggufFile: model.file, modelId: "tiny", parallelSequences: 3, maxQueue: 30 });
});
after(async () => {
  await host.close();
  await folder[Symbol.asyncDispose]();
});

interface Completed {
  text: string;
  pieces: string[];
  tokens: TokenLogProbability[];
  finish: Extract<CompletionPart, { type: "finish" }>;
}

async function complete(request: Partial<CompletionRequest>): Promise<Completed> {
  const pieces: string[] = [];
  const tokens: TokenLogProbability[] = [];
  for await (const part of host.completion.complete({ prompt: PROMPT, maxOutputTokens: 24, ...request })) {
    if (part.type === "finish") return { text: pieces.join(""), pieces, tokens, finish: part };
    pieces.push(part.text);
    tokens.push(...part.tokens);
  }
  throw new Error("no finish part");
}

/** Ids that end nothing, so that the length of an answer is known. */
const neverEnding = async (): Promise<Record<string, number>> =>
  Object.fromEntries((await host.inspection.stopIds()).map((id) => [String(id), -100]));

test("equal seeds give equal text, with and without log-probabilities, whatever runs beside", async () => {
  const request = { temperature: 3, seed: 42 };
  const alone = await complete(request);
  const beside = await Promise.all([
    complete(request),
    complete({ temperature: 3, seed: 7 }),
    complete({ ...request, topLogProbabilities: 2 }),
    complete({ temperature: 0, prompt: "The quick" }),
  ]);
  assert.equal(beside[0].text, alone.text);
  assert.equal(beside[2].text, alone.text);
  assert.notEqual(beside[1].text, alone.text);
  const folded = await complete({ temperature: 3, seed: 42 + 2 ** 32 });
  assert.equal(folded.text, alone.text);
});

test("greedy takes the most likely token, and log-probabilities are those of a distribution", async () => {
  const { tokens, finish } = await complete({ temperature: 0, topLogProbabilities: 20 });
  assert.equal(tokens.length, finish.usage.outputTokens);
  for (const { id, logProbability, top } of tokens) {
    assert.equal(top.length, 20);
    assert.equal(top[0]!.id, id);
    assert.equal(top[0]!.logProbability, logProbability);
    assert.deepEqual(
      top.map((token) => token.logProbability),
      top.map((token) => token.logProbability).toSorted((a, b) => b - a),
    );
    const mass = top.reduce((sum, token) => sum + Math.exp(token.logProbability), 0);
    assert.ok(mass > 0.1 && mass <= 1 + 1e-5, `20 tokens hold ${mass}`);
  }
});

test("log-probabilities do not know temperature, bias or penalties", async () => {
  const plain = await complete({ temperature: 0, maxOutputTokens: 1, topLogProbabilities: 5 });
  const other = plain.tokens[0]!.top[3]!;
  const forced = await complete({
    temperature: 1.7,
    topK: 1,
    maxOutputTokens: 1,
    topLogProbabilities: 5,
    logitBias: { [other.id]: 100 },
  });
  assert.equal(forced.tokens[0]!.id, other.id);
  assert.equal(forced.tokens[0]!.logProbability, other.logProbability);
  assert.deepEqual(forced.tokens[0]!.top, plain.tokens[0]!.top);
});

test("requests beside each other see each their own distribution", async () => {
  const request = { temperature: 0, topLogProbabilities: 3 };
  const prompts = ["export interface", "The quick brown", '{"name": "', "Grüße aus"];
  const alone: Completed[] = [];
  for (const prompt of prompts) alone.push(await complete({ ...request, prompt }));
  const beside = await Promise.all(
    [...prompts, ...prompts].map((prompt) => complete({ ...request, prompt })),
  );
  beside.forEach(({ tokens }, index) => {
    tokens.forEach(({ logProbability }, at) => {
      const expected = alone[index % prompts.length]!.tokens[at]!.logProbability;
      assert.ok(Math.abs(logProbability - expected) < 1e-3, `${logProbability} and ${expected}`);
    });
  });
});

test("bias -100 bans a token, a frequency penalty spreads them", async () => {
  const bias = await neverEnding();
  const first = (
    await complete({ temperature: 0, maxOutputTokens: 1, topLogProbabilities: 0, logitBias: bias })
  ).tokens[0]!;
  const banned = await complete({
    temperature: 0,
    topLogProbabilities: 0,
    logitBias: { ...bias, [first.id]: -100 },
  });
  assert.ok(banned.tokens.every(({ id }) => id !== first.id));
  const pushed = { ...bias, [first.id]: 8 };
  const distinct = async (frequencyPenalty: number): Promise<number> => {
    const { tokens } = await complete({
      temperature: 0,
      frequencyPenalty,
      topLogProbabilities: 0,
      logitBias: pushed,
    });
    return new Set(tokens.map(({ id }) => id)).size;
  };
  assert.ok((await distinct(2)) > (await distinct(0)));
});

test("a stop sequence across tokens ends the text and is not part of it", async () => {
  const whole = await complete({ temperature: 0, topLogProbabilities: 0, logitBias: await neverEnding() });
  // From the middle of one token to the middle of a later one, where the text has plain letters.
  const at = whole.text.search(/[a-zA-Z ]{4}/);
  assert.ok(at > 0, `no letters in ${JSON.stringify(whole.text)}`);
  const stop = whole.text.slice(at, at + 4);
  const cut = await complete({
    temperature: 0,
    stopSequences: [stop, "never there"],
    logitBias: await neverEnding(),
  });
  assert.equal(cut.text, whole.text.slice(0, whole.text.indexOf(stop)));
  assert.equal(cut.finish.reason, "stop");
  assert.ok(cut.finish.usage.outputTokens < whole.finish.usage.outputTokens);
});

test("usage counts what the tokenizer counts, and a full context ends with `length`", async () => {
  const prompt = model.tokenizer.encode(PROMPT.repeat(60)).slice(0, 240);
  const { finish } = await complete({ prompt, maxOutputTokens: 1000, logitBias: await neverEnding() });
  assert.deepEqual(finish, {
    type: "finish",
    reason: "length",
    usage: { inputTokens: 240, outputTokens: host.contextLength - 240 },
  });
  const one = await complete({ maxOutputTokens: 1, logitBias: await neverEnding() });
  assert.deepEqual(one.finish.usage, { inputTokens: model.tokenizer.encode(PROMPT).length, outputTokens: 1 });
});

test("a prompt past the context is refused with both numbers", async () => {
  const prompt = Array.from({ length: host.contextLength }, () => 65);
  await assert.rejects(complete({ prompt }), (error: { code: string; kind: string; message: string }) => {
    assert.equal(error.code, "serving/prompt-too-long");
    assert.equal(error.kind, "invalid-input");
    assert.match(error.message, new RegExp(`${prompt.length} tokens.*context ${host.contextLength}`));
    return true;
  });
});

test("settings out of range are named", async () => {
  const wrong: Partial<CompletionRequest>[] = [
    { temperature: -1 },
    { topP: 1.5 },
    { topLogProbabilities: 21 },
    { stopSequences: [""] },
    { logitBias: { "99999": 1 } },
    { presencePenalty: 3 },
    { maxOutputTokens: 1.5 },
    { seed: 0.5 },
  ];
  for (const request of wrong) await assert.rejects(complete(request), { code: "serving/bad-setting" });
  await assert.rejects(complete({ prompt: [-1] }), { code: "serving/bad-token-id" });
});

test("twenty streams share three sequences, each with its own text", async () => {
  const alone = await complete({ temperature: 0 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => complete({ temperature: 0 })));
  for (const answer of answers) assert.equal(answer.text, alone.text);
});

test("an aborted request fails as cancelled", async () => {
  const abort = new AbortController();
  const stream = host.completion.complete({
    prompt: "a",
    maxOutputTokens: 250,
    abortSignal: abort.signal,
    logitBias: await neverEnding(),
  });
  await assert.rejects(
    async () => {
      for await (const part of stream) {
        assert.ok(part.type);
        abort.abort();
      }
    },
    { code: "serving/cancelled", kind: "cancelled" },
  );
  await assert.rejects(complete({ abortSignal: abort.signal }), { code: "serving/cancelled" });
});

test("speed and memory are measured", async () => {
  const measured = await host.measure();
  assert.ok(measured.promptTokensPerSecond > measured.decodeTokensPerSecond);
  assert.ok(measured.decodeTokensPerSecond > 1);
  assert.ok(measured.peakMemoryBytes > 20 * 1024 ** 2);
});
