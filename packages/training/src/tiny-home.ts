// A home with a dataset of a few thousand tokens and a manifest for a model of a few thousand parameters:
// test material, the same in every process that asks.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DecoderConfig, RunManifest } from "@homegrown/contracts";
import { buildDataset } from "@homegrown/data";
import { homePaths } from "@homegrown/storage";
import { readMetrics } from "./run/metrics-file.ts";

export interface TinyHome {
  readonly home: string;
  readonly datasetFolder: string;
  readonly manifest: RunManifest;
  remove(): Promise<void>;
}

const words = "the cat dog sees a small big red house tree and runs to from with under over it she he".split(
  " ",
);

/** Sentences of a fixed grammar: learnable, and no two documents alike. */
function sentences(): string[] {
  let state = 12345;
  const draw = (limit: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 16) % limit;
  };
  const sentence = (): string =>
    Array.from({ length: 6 + draw(6) }, () => words[draw(words.length)]).join(" ");
  const document = (): string => Array.from({ length: 8 }, sentence).join(". ");
  return Array.from({ length: 60 }, document);
}

export const tinyModel: DecoderConfig = {
  architecture: "qwen3",
  vocabSize: 320,
  hiddenSize: 32,
  intermediateSize: 64,
  numLayers: 1,
  numAttentionHeads: 2,
  numKeyValueHeads: 1,
  headDim: 16,
  maxPositionEmbeddings: 16,
  ropeTheta: 10_000,
  rmsNormEps: 1e-6,
  tieWordEmbeddings: true,
};

/** `documents`: what the dataset is made of; default: generated sentences. */
export async function createTinyHome(
  overrides: Partial<RunManifest> = {},
  documents: readonly string[] = sentences(),
): Promise<TinyHome> {
  const home = await mkdtemp(join(tmpdir(), "homegrown-training-"));
  const source = join(home, "corpus.jsonl");
  await writeFile(source, documents.map((text) => `${JSON.stringify({ text })}\n`).join(""));
  const datasetFolder = join(homePaths(home).data, "tiny");
  const { manifestSha256 } = await buildDataset({
    name: "tiny",
    target: datasetFolder,
    sources: [{ path: source }],
    vocabSize: tinyModel.vocabSize,
    heldOut: { fraction: 0.1 },
    quality: "off",
  });
  return {
    home,
    datasetFolder,
    manifest: { ...tinyManifest(manifestSha256), ...overrides },
    remove: () => rm(home, { recursive: true, force: true }),
  };
}

function tinyManifest(datasetSha256: string): RunManifest {
  return {
    schemaVersion: 1,
    id: "tiny",
    kind: "pretrain",
    createdAt: "2026-01-01T00:00:00.000Z",
    seed: 7,
    numWorkers: 2,
    model: tinyModel,
    dataset: { path: "data/tiny/dataset.json", sha256: datasetSha256 },
    batch: { sequenceLength: 16, sequencesPerStep: 4, microBatchSequences: 1 },
    totalSteps: 20,
    optimizer: {
      kind: "muon",
      learningRate: 0.01,
      matrixLearningRate: 0.02,
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-8,
      weightDecay: 0.05,
      momentum: 0.95,
    },
    schedule: { warmupSteps: 2, decaySteps: 6, finalFraction: 0 },
    clipNorm: 1,
    checkpoints: { everySteps: 4, keepLast: 2 },
    evaluation: { everySteps: 5, numSequences: 4 },
    spikes: { lossFactor: 2, maxRecoveries: 2 },
    code: { commit: "test", dirty: false },
  };
}

/** A spike factor that a finished run's most surprising loss, and few others, would have exceeded. */
export async function findTouchyFactor(metricsFile: string): Promise<number> {
  const lines = await readMetrics(metricsFile);
  const losses = lines.flatMap((line) => (line.event === "train-step" ? [line.loss] : []));
  const ratios = losses.slice(8).map((loss, i) => {
    const before = losses.slice(Math.max(0, i - 24), i + 8).sort((a, b) => a - b);
    return loss / before[Math.floor(before.length / 2)]!;
  });
  const [highest, second] = ratios.sort((a, b) => b - a) as [number, number];
  return (highest + second) / 2;
}
