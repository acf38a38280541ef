import assert from "node:assert/strict";
import { test } from "node:test";
import { describeProgress } from "./progress-line.ts";

test("a known total gives a bar and both counts; details follow in their own units", () => {
  const details = {
    loss: 2.34567,
    heldOutLoss: 2.5,
    tokensPerSecond: 34_567,
    etaSeconds: 75,
    memoryBytes: 512e6,
  };
  assert.equal(
    describeProgress({ event: "train-step", done: 30, total: 120, unit: "steps", details }),
    "  train step █████░░░░░░░░░░░░░░░ 30/120 steps · loss 2.346 · held-out 2.500 · 35k tok/s · 1 min 15 s left · 512 MB",
  );
});

test("bytes are said as bytes, without a second unit", () => {
  assert.equal(
    describeProgress({ event: "data-read", done: 2_000_000, total: 1_000_000, unit: "bytes" }),
    `  data read ${"█".repeat(20)} 2.0 MB/1.0 MB`,
  );
});

test("without a total there is no bar; what is no finite number is left out", () => {
  assert.equal(
    describeProgress({ event: "data-read", done: 12, unit: "documents", message: "docs" }),
    "  data read 12 documents docs",
  );
  assert.equal(
    describeProgress({
      event: "measure",
      done: 0,
      total: 0,
      details: { loss: Number.NaN, other: 3, etaSeconds: "soon" },
    }),
    "  measure 0",
  );
});
