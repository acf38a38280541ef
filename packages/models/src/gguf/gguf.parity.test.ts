// Referee: llama.cpp (node-llama-cpp, CPU), which shares no code with the trainer. What it makes of our files
// must be what our own graph computes from the same parameters. The cache of keys and values is F32; the
// tolerances below are those of the number formats. For the rounded types our side scores the parameters
// as the file holds them, so what remains is arithmetic: llama.cpp multiplies F16 and BF16 weights with
// activations rounded to the same type, and Q8_0 weights with activations rounded to 8 bits.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { DecoderConfig } from "@homegrown/contracts";
import { getLlama } from "node-llama-cpp";
import type { Llama, LlamaModel, Token } from "node-llama-cpp";
import { temporaryFolder } from "../fixtures/temporary-folder.ts";
import { someIds, tinyModel } from "../fixtures/tiny-model.ts";
import { createScorer } from "../scoring/create-scorer.ts";
import { NUMBER_FORMATS } from "../weights/number-formats.ts";
import type { WeightType } from "../weights/model-weights.ts";
import { writeGguf } from "./writer.ts";

/** Differences of log-probabilities, nats: mean and largest over all tokens compared. */
const TOLERANCES: Record<WeightType, { mean: number; max: number }> = {
  F32: { mean: 2e-5, max: 2e-4 },
  F16: { mean: 5e-3, max: 5e-2 },
  BF16: { mean: 3e-2, max: 2e-1 },
  Q8_0: { mean: 8e-2, max: 5e-1 },
};

const MODELS: Record<string, Partial<DecoderConfig>> = {
  "qwen3, tied": { architecture: "qwen3" },
  "qwen3, untied": { architecture: "qwen3", tieWordEmbeddings: false, ropeTheta: 1e6 },
  "llama, tied": { architecture: "llama" },
  "llama, untied, wide heads": {
    architecture: "llama",
    tieWordEmbeddings: false,
    numAttentionHeads: 3,
    numKeyValueHeads: 1,
    headDim: 64,
  },
};

/** Defaults would cut the tail off before the probabilities are read. */
const WHOLE_DISTRIBUTION = { temperature: 1, topK: 0, topP: 1, minP: 0 };

let llama: Llama;
before(async () => {
  llama = await getLlama({ gpu: false, build: "never", logLevel: "error" as never });
});
after(() => llama.dispose());

for (const [name, overrides] of Object.entries(MODELS)) {
  for (const weightType of ["F32", "F16", "BF16", "Q8_0"] as const) {
    test(`${name}, ${weightType}: llama.cpp gives our log-probabilities`, async (t) => {
      const model = tinyModel(overrides);
      const file = join(await temporaryFolder(t), "model.gguf");
      await writeGguf(file, { ...model, weightType, name: "tiny" });
      const loaded = await llama.loadModel({ modelPath: file, gpuLayers: 0 });
      t.after(() => loaded.dispose());
      const scorer = await createScorer(model.config, asStored(model.parameters, weightType), {
        maxSequenceLength: 128,
      });
      t.after(() => scorer.close());
      const differences: number[] = [];
      for (const seed of [1, 2]) {
        const ids = someIds(100, seed);
        const ours = await scorer.logProbabilities(ids);
        const theirs = await scoreWithLlama(loaded, ids);
        differences.push(...theirs.map((value, i) => Math.abs(value - ours[i]!)));
      }
      const mean = differences.reduce((a, b) => a + b, 0) / differences.length;
      const max = Math.max(...differences);
      t.diagnostic(`mean ${mean.toExponential(1)}, max ${max.toExponential(1)} over ${differences.length}`);
      assert.ok(mean <= TOLERANCES[weightType].mean, `mean ${mean}`);
      assert.ok(max <= TOLERANCES[weightType].max, `max ${max}`);
    });
  }
}

test("llama.cpp reads our vocabulary: ids, special tokens, stop ids", async (t) => {
  const model = tinyModel();
  const file = join(await temporaryFolder(t), "model.gguf");
  await writeGguf(file, { ...model, weightType: "F32", name: "tiny" });
  const loaded = await llama.loadModel({ modelPath: file, gpuLayers: 0 });
  t.after(() => loaded.dispose());
  const { vocab } = model.tokenizerJson.model;
  const idsOf = (...tokens: string[]): number[] => tokens.map((token) => vocab[token]!);
  assert.deepEqual(loaded.tokenize("in the thing\n"), idsOf("in", "Ġthe", "Ġ", "th", "ing", "Ċ"));
  assert.deepEqual(loaded.tokenize("<|im_start|>a<|im_end|>", true), [265, ...idsOf("a"), 266]);
  assert.equal(loaded.detokenize(loaded.tokenize("Grüße, 世界 👋\r\n\t")), "Grüße, 世界 👋\r\n\t");
  const stops = Array.from({ length: model.config.vocabSize }, (_, id) => id).filter((id) =>
    loaded.isEogToken(id as Token),
  );
  assert.deepEqual(stops, [264, 266]);
  assert.equal(loaded.tokens.shouldPrependBosToken, false);
  assert.equal(loaded.fileInfo.metadata.tokenizer.chat_template, model.chatTemplate);
});

/** The parameters after a round trip through the stored type, which norms skip. */
function asStored(
  parameters: ReadonlyMap<string, Float32Array>,
  type: WeightType,
): Map<string, Float32Array> {
  return new Map(
    [...parameters].map(([name, values]) => {
      if (name.includes("norm")) return [name, values];
      const stored = new Float32Array(values.length);
      NUMBER_FORMATS[type].decode(NUMBER_FORMATS[type].encode(values), stored);
      return [name, stored];
    }),
  );
}

async function scoreWithLlama(model: LlamaModel, ids: readonly number[]): Promise<number[]> {
  const context = await model.createContext({
    contextSize: 128,
    sequences: 1,
    threads: 1,
    flashAttention: false,
    experimentalKvCacheKeyType: "F32",
    experimentalKvCacheValueType: "F32",
  });
  try {
    const outputs = await context
      .getSequence()
      .controlledEvaluate(
        ids.map((id) => [
          id as Token,
          { generateNext: { probabilities: true, options: WHOLE_DISTRIBUTION } },
        ]),
      );
    return ids.slice(1).map((id, i) => Math.log(outputs[i]!.next.probabilities!.get(id as Token)!));
  } finally {
    await context.dispose();
  }
}
