import assert from "node:assert/strict";
import { test } from "node:test";
import { mean, median, medianAbsoluteDeviation, quantile } from "./index.ts";

test("quantiles interpolate as R's default (type 7)", () => {
  // R: quantile(c(1, 3, 4, 10), c(.1, .25, .5, .9))
  const values = [10, 1, 4, 3];
  assert.ok(Math.abs(quantile(values, 0.1) - 1.6) < 1e-12);
  assert.equal(quantile(values, 0.25), 2.5);
  assert.equal(quantile(values, 0.5), 3.5);
  assert.ok(Math.abs(quantile(values, 0.9) - 8.2) < 1e-12);
  assert.deepEqual(values, [10, 1, 4, 3], "the argument stays as it was");
});

test("median, mean and deviation of small samples", () => {
  assert.equal(median([7]), 7);
  assert.equal(median([2, 10]), 6);
  assert.equal(mean([1, 2, 6]), 3);
  assert.equal(medianAbsoluteDeviation([1, 1, 2, 2, 4, 6, 9]), 1);
});

test("no data and no probability are refused", () => {
  assert.throws(() => median([]), { code: "statistics/no-data" });
  assert.throws(() => quantile([1], 95), { code: "statistics/bad-probability" });
});
