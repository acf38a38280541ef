import assert from "node:assert/strict";
import { test } from "node:test";
import { bootstrapInterval, bootstrapRatioInterval, createRandom, mean, pairedBootstrap } from "./index.ts";

// Efron and Tibshirani (1993), table 14.1: 26 neurologically impaired children, spatial test A.
const SPATIAL = [
  48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41,
];
const pluginVariance = (values: readonly number[]): number => {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** 2));
};

test("the spatial test's variance has Efron and Tibshirani's intervals", () => {
  const options = { confidence: 0.9, numResamples: 20_000, seed: 7 };
  const percentile = bootstrapInterval(SPATIAL, pluginVariance, { ...options, method: "percentile" });
  assert.equal(percentile.value.toFixed(1), "171.5");
  // The book: percentile (100.8, 233.9), BCa (115.8, 259.6). Its 2,000 resamples leave a standard error
  // of about 2 at the lower ends and 3 at the upper ones; the tolerances are two of those.
  near(percentile.low, 100.8, 4);
  near(percentile.high, 233.9, 6);
  const bca = bootstrapInterval(SPATIAL, pluginVariance, options);
  near(bca.low, 115.8, 4);
  near(bca.high, 259.6, 6);
});

test("a share's percentile interval is the binomial's", () => {
  // Resampled counts of 20 outcomes, half of them yes, are binomial(20, 1/2): qbinom(c(.025, .975), 20, .5) = 6, 14.
  const outcomes = Array.from({ length: 20 }, (_, i) => i % 2);
  const { low, high } = bootstrapInterval(outcomes, mean, { method: "percentile", numResamples: 20_000 });
  assert.deepEqual([low, high], [0.3, 0.7]);
});

test("the ratio's fast way draws and corrects exactly as the general one", () => {
  const random = createRandom(3);
  const terms = Array.from({ length: 40 }, () => {
    const denominator = 100 + Math.floor(900 * random());
    return { numerator: denominator * (1 + random()), denominator };
  });
  const general = bootstrapInterval(
    terms,
    (drawn) =>
      drawn.reduce((sum, one) => sum + one.numerator, 0) /
      drawn.reduce((sum, one) => sum + one.denominator, 0),
    { seed: 11, numResamples: 500 },
  );
  const fast = bootstrapRatioInterval(terms, { seed: 11, numResamples: 500 });
  near(fast.low, general.low, 1e-9);
  near(fast.high, general.high, 1e-9);
  assert.equal(fast.value, general.value);
});

test("clusters widen the interval when items of one document are alike", () => {
  const items = Array.from({ length: 200 }, (_, i) => ({ document: `d${i % 10}`, value: i % 10 }));
  const loose = bootstrapInterval(items, meanValue, { numResamples: 400 });
  const clustered = bootstrapInterval(items, meanValue, {
    numResamples: 400,
    clusterOf: ({ document }) => document,
  });
  assert.ok(clustered.high - clustered.low > 3 * (loose.high - loose.low));
});

test("intervals hold the true mean about as often as they say", () => {
  const random = createRandom(5);
  let held = 0;
  for (let trial = 0; trial < 300; trial++) {
    // Exponential with mean 1: skewed, as bits of documents are.
    const sample = Array.from({ length: 40 }, () => -Math.log(1 - random()));
    const { low, high } = bootstrapInterval(sample, mean, { seed: trial, numResamples: 300 });
    if (low <= 1 && 1 <= high) held += 1;
  }
  assert.ok(held >= 0.88 * 300 && held <= 0.98 * 300, `${held} of 300 at 95 %`);
});

test("pairing finds a difference that unpaired spread would hide", () => {
  const random = createRandom(9);
  const a = Array.from({ length: 60 }, () => 100 * random());
  const b = a.map((value) => value - 1 - random());
  const { difference, pValue } = pairedBootstrap(a, b, mean, { seed: 2, numResamples: 1000 });
  assert.ok(difference.low > 1 && difference.high < 2);
  assert.ok(pValue < 0.01);
  const same = pairedBootstrap(a, a, mean, { numResamples: 200 });
  assert.deepEqual([same.difference.low, same.difference.high, same.pValue], [0, 0, 1]);
});

test("what cannot be resampled is refused", () => {
  assert.throws(() => bootstrapInterval([], mean), { code: "statistics/no-data" });
  assert.throws(() => bootstrapInterval([1, 2], mean, { confidence: 95 }), {
    code: "statistics/bad-confidence",
  });
  assert.throws(() => bootstrapInterval([1, Infinity], mean), { code: "statistics/not-finite" });
  assert.throws(() => pairedBootstrap([1], [1, 2], mean), { code: "statistics/unpaired" });
});

function near(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}

function meanValue(drawn: readonly { value: number }[]): number {
  return mean(drawn.map(({ value }) => value));
}
