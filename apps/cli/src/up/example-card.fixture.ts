// A report card and a manifest's parts with figures that a test can follow by hand.
import type { DatasetManifest, ReportCard } from "@homegrown/contracts";

type Training = NonNullable<ReportCard["training"]>;

export function exampleTraining(heldOutCurve: [number, number][], tokens = 1000): Training {
  return {
    run: "grow-example-pretrain",
    steps: 100,
    tokens,
    seconds: 10,
    tokensPerSecond: 100,
    flops: 1e9,
    peakMemoryBytes: 1e8,
    lossCurve: [
      [1, 4],
      [100, 2],
    ],
    heldOutCurve,
  };
}

export function exampleCard(training?: Training): ReportCard {
  return {
    schemaVersion: 1,
    version: "first@v1",
    createdAt: "2026-01-01T00:00:00.000Z",
    machine: { processor: "test", cores: 2, memoryBytes: 8e9, node: "v24" },
    model: { architecture: "qwen3", numParameters: 1_000_000, vocabSize: 512, weightType: "F32" },
    heldOut: {
      documents: 3,
      bytes: 12_345,
      tokens: 4000,
      bitsPerByte: { value: 2, low: 1.9, high: 2.1, confidence: 0.95, method: "bootstrap" },
      baselines: [
        { name: "order-5 bytes", bitsPerByte: 2.75, primed: true, note: "counted on the same text" },
      ],
    },
    checks: [
      {
        name: "completions that parse as TypeScript",
        passed: 16,
        total: 64,
        share: { value: 0.25, low: 0.16, high: 0.37, confidence: 0.95, method: "Wilson" },
      },
    ],
    samples: [],
    ...(training && { training }),
    serving: { promptTokensPerSecond: 12_345, decodeTokensPerSecond: 678, peakMemoryBytes: 2e8 },
    parity: ["F32", "Q8_0"].map((weightType) => ({
      weightType,
      cacheType: "F32",
      passages: 64,
      conversations: 16,
      tokensCompared: 15_000,
      renderedBytesEqual: true,
      idsEqual: true,
      stopIdsEqual: true,
      meanLogProbabilityDifference: 1.5e-6,
      maxLogProbabilityDifference: 2e-5,
      bound: { mean: 3e-4, max: 5e-3 },
      passed: weightType === "F32",
      failures: [],
    })),
  };
}

export function exampleSplits(trainTokens: number): DatasetManifest["splits"] {
  const index = { file: "index.jsonl", sha256: "0".repeat(64) };
  const train = { documents: 10, bytes: 4 * trainTokens, numTokens: trainTokens, shards: [], index };
  return { train, heldOut: { ...train, documents: 1 } };
}
