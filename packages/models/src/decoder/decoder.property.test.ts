// What must hold for every shape of decoder: it is causal, its programs account for every parameter, and how
// attention is cut into blocks changes nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DecoderConfig } from "@homegrown/contracts";
import { Graph, interpret, runOnce } from "@homegrown/engine";
import * as fc from "fast-check";
import { decoderForward } from "./forward.ts";
import { parameterSpecs } from "./parameters.ts";
import { buildScoringProgram, buildTrainingProgram } from "./programs.ts";

const configs: fc.Arbitrary<DecoderConfig> = fc
  .record({
    architecture: fc.constantFrom("qwen3", "llama"),
    vocabSize: fc.integer({ min: 1, max: 9 }),
    hiddenSize: fc.integer({ min: 2, max: 7 }),
    intermediateSize: fc.integer({ min: 1, max: 9 }),
    numLayers: fc.integer({ min: 1, max: 2 }),
    numKeyValueHeads: fc.integer({ min: 1, max: 3 }),
    headsPerGroup: fc.integer({ min: 1, max: 3 }),
    halfHeadDim: fc.integer({ min: 1, max: 3 }),
    tieWordEmbeddings: fc.boolean(),
  })
  .map(({ headsPerGroup, halfHeadDim, ...rest }) => ({
    ...rest,
    architecture: rest.architecture as DecoderConfig["architecture"],
    numAttentionHeads: headsPerGroup * rest.numKeyValueHeads,
    headDim: 2 * halfHeadDim,
    maxPositionEmbeddings: 32,
    ropeTheta: 10_000,
    rmsNormEps: 1e-6,
  }));

/** Deterministic values that are neither symmetric nor all alike. */
function valuesFor(shape: readonly number[], seed: number): Float32Array {
  const length = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length }, (_, i) => Math.sin(1.3 * i + seed) * 0.7);
}

function hiddenGraph(config: DecoderConfig, sequences: number, sequenceLength: number): Graph {
  const graph = new Graph();
  const ids = graph.input("ids", "int64", [sequences * sequenceLength]);
  graph.output("hidden", decoderForward(graph, config, ids, { sequences, sequenceLength }).hidden_RM);
  return graph;
}

function parameterFeeds(config: DecoderConfig): Record<string, Float32Array> {
  return Object.fromEntries(parameterSpecs(config).map(({ name, shape }, i) => [name, valuesFor(shape, i)]));
}

test("a later token never changes an earlier row, and sequences do not meet", () => {
  fc.assert(
    fc.property(configs, fc.integer({ min: 2, max: 6 }), fc.nat(), (config, sequenceLength, at) => {
      const sequences = 2;
      const graph = hiddenGraph(config, sequences, sequenceLength);
      const ids = BigInt64Array.from({ length: sequences * sequenceLength }, (_, i) =>
        BigInt((7 * i + 1) % config.vocabSize),
      );
      const changedRow = at % ids.length;
      const changed = ids.slice();
      changed[changedRow] = (changed[changedRow]! + 1n) % BigInt(config.vocabSize);
      const feeds = parameterFeeds(config);
      const [before, after] = [ids, changed].map((ids) => interpret(graph, { ...feeds, ids })["hidden"]!);
      for (let row = 0; row < ids.length; row++) {
        const isEarlier = Math.floor(row / sequences) < Math.floor(changedRow / sequences);
        if (!isEarlier && row % sequences === changedRow % sequences) continue;
        const range = [row * config.hiddenSize, (row + 1) * config.hiddenSize] as const;
        assert.deepEqual(after!.slice(...range), before!.slice(...range), `row ${row}`);
      }
    }),
    { numRuns: 40, seed: 1 },
  );
});

test("every configuration runs as ONNX and agrees with the reference", async () => {
  await fc.assert(
    fc.asyncProperty(configs, fc.integer({ min: 1, max: 5 }), async (config, sequenceLength) => {
      const graph = hiddenGraph(config, 2, sequenceLength);
      const ids = BigInt64Array.from({ length: 2 * sequenceLength }, (_, i) =>
        BigInt((5 * i + 2) % config.vocabSize),
      );
      const feeds = { ...parameterFeeds(config), ids };
      const [got, expected] = [await runOnce(graph, feeds), interpret(graph, feeds)];
      expected["hidden"]!.forEach((value, i) => {
        const error = Math.abs(got["hidden"]![i]! - value) / (1 + Math.abs(value));
        assert.ok(error < 1e-4, `hidden[${i}]: got ${got["hidden"]![i]}, expected ${value}`);
      });
    }),
    { numRuns: 25, seed: 2 },
  );
});

test("a training program has a gradient for every parameter, of its shape", () => {
  fc.assert(
    fc.property(configs, fc.integer({ min: 1, max: 4 }), (config, sequenceLength) => {
      const program = buildTrainingProgram(config, { microBatchSequences: 2, sequenceLength });
      const covered = new Set([...program.accumulated, ...program.scattered].map((g) => g.parameter));
      assert.deepEqual(
        [...covered].toSorted(),
        parameterSpecs(config)
          .map(({ name }) => name)
          .toSorted(),
      );
      const shapes = new Map(program.parameters.map(({ name, shape }) => [name, shape]));
      for (const { parameter, width } of program.scattered) assert.equal(shapes.get(parameter)![1], width);
      assert.ok(program.cost.matmulFlops > 0 && program.cost.matmulFlops <= program.cost.flops);
    }),
    { numRuns: 25, seed: 3 },
  );
});

test("causal blocks halve the work of attention on long sequences", () => {
  const config: DecoderConfig = {
    architecture: "llama",
    vocabSize: 2,
    hiddenSize: 4,
    intermediateSize: 1,
    numLayers: 1,
    numAttentionHeads: 2,
    numKeyValueHeads: 2,
    headDim: 64,
    maxPositionEmbeddings: 4096,
    ropeTheta: 1e4,
    rmsNormEps: 1e-6,
    tieWordEmbeddings: true,
  };
  const flops = (sequenceLength: number): number =>
    buildScoringProgram(config, { sequences: 1, sequenceLength, output: "loss" }).cost.matmulFlops;
  // Full attention would be 4·T²·heads·headDim on top of the linear maps.
  const attention = flops(2048) - 16 * flops(128);
  const full = 4 * (2048 ** 2 - 16 * 128 ** 2) * 2 * 64;
  assert.ok(attention < 0.6 * full, `${attention} of ${full}`);
});

test("a program longer than the model's positions is refused with the numbers", () => {
  const [config] = fc.sample(configs, { numRuns: 1, seed: 4 });
  for (const [microBatchSequences, sequenceLength] of [
    [1, 33],
    [0, 4],
    [1, 1.5],
  ] as const) {
    assert.throws(() => buildTrainingProgram(config!, { microBatchSequences, sequenceLength }), {
      code: "models/bad-shape",
      message: new RegExp(`${microBatchSequences} sequences of ${sequenceLength} tokens`),
    });
  }
});
