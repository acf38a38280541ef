import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import type { DatasetManifest } from "@homegrown/contracts";
import { SplitWriter } from "../packing/split-writer.ts";
import { HeldOutReader } from "./held-out-reader.ts";
import { permute } from "./permutation.ts";
import { TrainReader } from "./train-reader.ts";

test("a permutation meets each index once, and other keys give other orders", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }), (size, key) => {
      const order = Array.from({ length: size }, (_, i) => permute(i, size, key));
      assert.deepEqual(
        [...order].sort((a, b) => a - b),
        [...order.keys()],
      );
    }),
    { numRuns: 60 },
  );
  const orders = [1, 2, 3, 4].map((key) => Array.from({ length: 50 }, (_, i) => permute(i, 50, key)).join());
  assert.equal(new Set(orders).size, 4);
});

/** Tokens 0, 1, 2, … over several shards, so that a token tells its position. */
async function withCountingDataset(
  options: { documents: readonly number[]; shardTokens: number; rowTokens?: number },
  use: (folder: string, manifest: DatasetManifest) => void,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "homegrown-readers-"));
  try {
    const masked = options.rowTokens !== undefined;
    const shape = { tokenBytes: 4 as const, maxTokens: options.shardTokens, masked };
    const train = await SplitWriter.create(folder, { prefix: "train", ...shape });
    const heldOut = await SplitWriter.create(folder, { prefix: "held-out", ...shape });
    let next = 0;
    for (const [i, length] of options.documents.entries()) {
      const ids = Array.from({ length }, () => next++);
      const mask = Uint8Array.from(ids, (id) => id % 2);
      const document = {
        id: `${i}`,
        source: "s",
        kind: "prose",
        bytes: length,
        ids,
        ...(masked && { mask }),
      };
      await train.write(document);
      await heldOut.write(document);
    }
    const hash = "0".repeat(64);
    use(folder, {
      schemaVersion: 1,
      name: "counting",
      createdAt: "",
      packing: masked ? "pairs" : "documents",
      tokenizer: { file: "tokenizer.json", sha256: hash, vocabSize: next + 1, endOfTextId: next },
      tokenBytes: 4,
      ...(options.rowTokens !== undefined && { rowTokens: options.rowTokens }),
      steps: [],
      heldOut: {
        fraction: 0,
        salt: "",
        leakage: { checked: 0, leaked: 0 },
        file: "held-out.jsonl",
        sha256: hash,
      },
      splits: { train: await train.finish(), heldOut: await heldOut.finish() },
      sources: [],
      rights: "train",
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const shapes = fc.record({
  documents: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 12 }),
  shardTokens: fc.integer({ min: 5, max: 60 }),
  sequenceLength: fc.integer({ min: 2, max: 9 }),
  sequencesPerStep: fc.integer({ min: 1, max: 5 }),
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});

test("in an epoch no token is predicted twice, and all but fewer than a window's are predicted once", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, async ({ documents, shardTokens, ...options }) => {
      await withCountingDataset({ documents, shardTokens }, (folder, manifest) => {
        const { sequenceLength } = options;
        const numTokens = manifest.splits.train.numTokens;
        if (numTokens <= sequenceLength) {
          assert.throws(() => new TrainReader(folder, manifest, options), { code: "data/too-few-tokens" });
          return;
        }
        const reader = new TrainReader(folder, manifest, { ...options, sequencesPerStep: 1 });
        for (const epoch of [0, 1]) {
          const targets: number[] = [];
          for (let i = 0; i < reader.numSequences; i++) {
            const batch = reader.batch(epoch * reader.numSequences + i);
            assert.equal(batch.ids.length, sequenceLength);
            // The targets are the ids one further, and what follows what is what followed in the text.
            assert.deepEqual(batch.targets.subarray(0, -1), batch.ids.subarray(1));
            batch.targets.forEach((target, k) => assert.equal(target, (batch.ids[k]! + 1) % numTokens));
            targets.push(...batch.targets);
          }
          assert.equal(new Set(targets).size, targets.length);
          assert.equal(targets.length, numTokens - (numTokens % sequenceLength));
        }
        reader.close();
      });
    }),
    { numRuns: 40 },
  );
});

test("a step is a function of seed and number: asked alone, in any order, it is the same", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, async ({ documents, shardTokens, ...options }) => {
      await withCountingDataset({ documents: [40, ...documents], shardTokens }, (folder, manifest) => {
        const first = new TrainReader(folder, manifest, options);
        const batches = Array.from({ length: 12 }, (_, step) => first.batch(step));
        const second = new TrainReader(folder, manifest, options);
        for (const step of [7, 0, 11, 3]) assert.deepEqual(second.batch(step), batches[step]);
        first.close();
        second.close();
      });
    }),
    { numRuns: 20 },
  );
});

test("an epoch of pairs is every row once, weighted by its mask", async () => {
  const documents = Array.from({ length: 23 }, () => 6);
  await withCountingDataset({ documents, shardTokens: 20, rowTokens: 6 }, (folder, manifest) => {
    const reader = new TrainReader(folder, manifest, { sequenceLength: 5, sequencesPerStep: 1, seed: 9 });
    assert.equal(reader.numSequences, 23);
    const starts = new Set<number>();
    for (let step = 0; step < 23; step++) {
      const { ids, targets, weights } = reader.batch(step);
      assert.equal(ids[0]! % 6, 0);
      starts.add(ids[0]!);
      assert.deepEqual(
        [...weights!],
        [...targets].map((target) => target % 2),
      );
    }
    assert.equal(starts.size, 23);
    reader.close();
    const other = { sequenceLength: 6, sequencesPerStep: 1, seed: 9 };
    assert.throws(() => new TrainReader(folder, manifest, other), { code: "data/other-sequence-length" });
  });
});

test("the held-out reader scores every target exactly once, in order", async () => {
  await fc.assert(
    fc.asyncProperty(shapes, async ({ documents, shardTokens, sequenceLength, sequencesPerStep }) => {
      await withCountingDataset({ documents, shardTokens }, (folder, manifest) => {
        const reader = new HeldOutReader(folder, manifest, {
          sequenceLength,
          sequencesPerBatch: sequencesPerStep,
        });
        const scored: number[] = [];
        for (let i = 0; i < reader.numBatches; i++) {
          const { ids, targets, weights } = reader.batch(i);
          assert.equal(ids.length, sequenceLength * sequencesPerStep);
          targets.forEach((target, k) => {
            if (weights[k] !== 1) return assert.equal(weights[k], 0);
            assert.equal(target, ids[k]! + 1);
            scored.push(target);
          });
        }
        const expected = Array.from({ length: manifest.splits.heldOut.numTokens - 1 }, (_, i) => i + 1);
        assert.deepEqual(scored, expected);
        const few = new HeldOutReader(folder, manifest, {
          sequenceLength,
          sequencesPerBatch: 2,
          maxSequences: 3,
        });
        assert.ok(few.numSequences <= 3);
        reader.close();
        few.close();
      });
    }),
    { numRuns: 40 },
  );
});
