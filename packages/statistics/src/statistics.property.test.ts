import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { bootstrapInterval, createRandom, mean, proportionInterval, quantile } from "./index.ts";

const runs = { numRuns: 60 };
const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 30 });
const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test("a bootstrap interval moves and scales with its data, and repeats with its seed", () => {
  fc.assert(
    fc.property(values, seed, fc.constantFrom("bca", "percentile"), (data, seed, method) => {
      const options = { seed, method, numResamples: 100 } as const;
      const plain = bootstrapInterval(data, mean, options);
      assert.deepEqual(bootstrapInterval(data, mean, options), plain);
      const moved = bootstrapInterval(
        data.map((value) => 4 * value + 64),
        mean,
        options,
      );
      assert.ok(Math.abs(moved.low - (4 * plain.low + 64)) < 1e-6);
      assert.ok(Math.abs(moved.high - (4 * plain.high + 64)) < 1e-6);
      assert.ok(plain.low <= plain.high);
      assert.ok(plain.low >= Math.min(...data) - 1e-9 && plain.high <= Math.max(...data) + 1e-9);
    }),
    runs,
  );
});

test("Wilson's interval holds the share, stays in [0, 1], mirrors, and narrows with more outcomes", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (total, part) => {
        const passed = Math.floor(part * total);
        const { value, low, high } = proportionInterval(passed, total);
        assert.ok(0 <= low && low <= value && value <= high && high <= 1);
        const mirrored = proportionInterval(total - passed, total);
        assert.ok(Math.abs(mirrored.low - (1 - high)) < 1e-12);
        const more = proportionInterval(4 * passed, 4 * total);
        assert.ok(more.high - more.low < high - low);
      },
    ),
    runs,
  );
});

test("quantiles rise with their probability and stay within the data", () => {
  const probability = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(values, probability, probability, (data, p, q) => {
      const [low, high] = [quantile(data, Math.min(p, q)), quantile(data, Math.max(p, q))];
      assert.ok(Math.min(...data) <= low && low <= high + 1e-9 && high <= Math.max(...data));
    }),
    runs,
  );
});

test("the generator is uniform enough: means and serial correlation of any seed", () => {
  fc.assert(
    fc.property(seed, (seed) => {
      const random = createRandom(seed);
      const draws = Array.from({ length: 4000 }, random);
      assert.ok(draws.every((draw) => draw >= 0 && draw < 1));
      // Six standard errors: 1/√(12·4000) for the mean, 1/√4000 for the correlation.
      assert.ok(Math.abs(mean(draws) - 0.5) < 6 / Math.sqrt(12 * 4000));
      const products = draws.slice(1).map((draw, i) => 12 * (draw - 0.5) * (draws[i]! - 0.5));
      assert.ok(Math.abs(mean(products)) < 6 / Math.sqrt(4000));
    }),
    runs,
  );
});
