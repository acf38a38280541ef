// The parts that the other tests replace by arithmetic, for real: a prepared dataset, its tokenizer, and a
// decoder's own scorer.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildDataset, openDataset, type Dataset } from "@homegrown/data";
import { createScorer, initializeParameters, resolveModelConfig, type Scorer } from "@homegrown/models";
import {
  evaluateVersion,
  measureHeldOut,
  openHeldOut,
  readTrainingTexts,
  renderReportHtml,
  toGenerate,
} from "../index.ts";

const WINDOW = 64;
let folder = "";
let dataset: Dataset;
let scorer: Scorer;
const texts = Array.from(
  { length: 40 },
  (_, i) =>
    `Report ${i} on the river ${i * 7919}: its ${["long", "slow", "wide", "old"][i % 4]} water ran past house ${i * 31}, ` +
    `and nobody counted the ${i * 17} boats; “${"é".repeat(i % 5)}” said keeper ${i ** 3}.\n`.repeat(
      1 + (i % 6),
    ),
);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "homegrown-evaluation-"));
  const source = join(folder, "corpus.jsonl");
  await writeFile(source, texts.map((text) => `${JSON.stringify({ text })}\n`).join(""));
  const target = join(folder, "dataset");
  await buildDataset({
    name: "rivers",
    target,
    sources: [{ path: source }],
    vocabSize: 320,
    heldOut: { fraction: 0.2 },
    quality: "off",
  });
  dataset = await openDataset(target);
  const config = resolveModelConfig(
    {
      architecture: "qwen3",
      hiddenSize: 32,
      intermediateSize: 64,
      numLayers: 1,
      numAttentionHeads: 2,
      numKeyValueHeads: 1,
      headDim: 16,
    },
    dataset.manifest.tokenizer.vocabSize,
    4 * WINDOW,
  );
  scorer = await createScorer(config, initializeParameters(config, 3), { maxSequenceLength: 4 * WINDOW });
});
after(async () => {
  await scorer.close();
  await rm(folder, { recursive: true });
});

test("training text read back from shards is what was prepared, and nothing of it is held out", async () => {
  const training = await Array.fromAsync(
    readTrainingTexts(dataset.folder, dataset.manifest, dataset.tokenizer),
  );
  assert.equal(training.length, dataset.manifest.splits.train.documents);
  assert.equal(
    training.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    dataset.manifest.splits.train.bytes,
  );
  const trained = new Set(training);
  const heldOut = await openHeldOut(join(dataset.folder, dataset.manifest.heldOut.file));
  for await (const { text } of heldOut.read()) assert.ok(!trained.has(text));
});

test("a decoder's windows give what one pass over the whole document gives, where nothing is cut", async () => {
  const heldOut = await openHeldOut(join(dataset.folder, dataset.manifest.heldOut.file));
  const endOfTextId = dataset.manifest.tokenizer.endOfTextId;
  const measure = { heldOut, tokenizer: dataset.tokenizer, scorer, endOfTextId };
  const { documents, bitsPerByte } = await measureHeldOut({ ...measure, windowTokens: 4 * WINDOW });
  let numShort = 0;
  const bits = new Map(documents.map((one) => [one.id, one.bits]));
  for await (const { id, text } of heldOut.read()) {
    const ids = [endOfTextId, ...dataset.tokenizer.encode(text)];
    if (ids.length > 4 * WINDOW) continue;
    numShort += 1;
    const whole = (await scorer.logProbabilities(ids)).reduce((sum, one) => sum - one / Math.LN2, 0);
    assert.ok(Math.abs(whole - bits.get(id)!) < 1e-3 * whole);
  }
  assert.ok(numShort > 0);
  // Untrained, a decoder knows nothing: no better than uniform over its vocabulary, and not absurd.
  const uniform = documents.reduce((sum, { tokens }) => sum + tokens * Math.log2(320), 0);
  const bytes = documents.reduce((sum, one) => sum + one.bytes, 0);
  const ratio = bitsPerByte.value / (uniform / bytes);
  assert.ok(ratio > 0.98 && ratio < 1.5, `${ratio}`);
});

test("a whole card of a real decoder, baselines and samples included", async () => {
  const { endOfTextId } = dataset.manifest.tokenizer;
  const card = await evaluateVersion({
    version: "rivers@1",
    model: { architecture: "qwen3", numParameters: 1, vocabSize: 320, weightType: "F32" },
    tokenizer: dataset.tokenizer,
    scorer,
    endOfTextId,
    heldOutFile: join(dataset.folder, dataset.manifest.heldOut.file),
    windowTokens: WINDOW,
    trainingTexts: () => readTrainingTexts(dataset.folder, dataset.manifest, dataset.tokenizer),
    generate: toGenerate({ scorer, tokenizer: dataset.tokenizer, endOfTextId }),
    prompts: [{ prompt: "Report 7 on", maxTokens: 8 }],
  });
  const primed = card.heldOut.baselines.find(({ name, primed }) => name === "order-5 bytes" && primed)!;
  assert.ok(primed.bitsPerByte < 2 && primed.bitsPerByte < card.heldOut.bitsPerByte.value);
  assert.ok(card.heldOut.bytes === dataset.manifest.splits.heldOut.bytes);
  assert.notEqual(card.samples[0]!.completion, "");
  assert.ok(renderReportHtml(card).includes("rivers@1"));
});
