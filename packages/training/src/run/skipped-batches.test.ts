import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { SkippedBatches } from "./skipped-batches.ts";
import { SpikeDetector } from "./spike-detector.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "homegrown-skips-"));
});
after(() => rm(folder, { recursive: true, force: true }));

test("a step reads the batch that is left at its place, also after the file is read again", async () => {
  const file = join(folder, "skips.json");
  const skips = await SkippedBatches.open(file);
  assert.deepEqual(
    [0, 1, 2].map((step) => skips.batchOf(step)),
    [0, 1, 2],
  );
  await skips.add({ batch: 2, step: 2, loss: "NaN", gradientNorm: "NaN" });
  await skips.add({ batch: 3, step: 2, loss: 99, gradientNorm: 1 });
  await skips.add({ batch: 0, step: 0, loss: 99, gradientNorm: 1 });
  for (const list of [skips, await SkippedBatches.open(file)]) {
    assert.deepEqual(
      [0, 1, 2, 3].map((step) => list.batchOf(step)),
      [1, 4, 5, 6],
    );
    assert.equal(list.count, 3);
  }
});

test("a damaged list is an error, not an empty list", async () => {
  const file = join(folder, "damaged.json");
  await writeFile(file, '[{"batch":2');
  await assert.rejects(SkippedBatches.open(file), { code: "training/skips-unreadable" });
});

test("the spike limit follows the median and survives its memory being stored", () => {
  const detector = new SpikeDetector(2);
  for (let i = 0; i < 7; i++) detector.add(5);
  assert.equal(detector.limit, Number.MAX_VALUE);
  detector.add(1000);
  assert.equal(detector.limit, 10, "one outlier does not move it");
  for (let i = 0; i < 40; i++) detector.add(3);
  assert.equal(detector.limit, 6);
  const copy = new SpikeDetector(2);
  copy.restore(JSON.parse(JSON.stringify(detector.memory)) as number[]);
  assert.equal(copy.limit, detector.limit);
});
