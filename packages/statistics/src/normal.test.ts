import assert from "node:assert/strict";
import { test } from "node:test";
import { normalCdf, normalQuantile } from "./index.ts";

// Reference values to 12 digits and more: SciPy's `norm.cdf` and `norm.ppf`, R's `pnorm` and `qnorm`.
test("the normal distribution function has its tabulated values, far tails included", () => {
  assert.equal(normalCdf(0), 0.5);
  near(normalCdf(1), 0.8413447460685429, 1e-14);
  near(normalCdf(-1.96), 0.024997895148220435, 1e-15);
  near(normalCdf(3.999), 1 - 3.180541e-5, 1e-10);
  near(normalCdf(-6) / 9.865876450376946e-10, 1, 1e-10);
  near(normalCdf(-20) / 2.7536241186062337e-89, 1, 1e-10);
});

test("quantiles are those of the tables and invert the distribution function", () => {
  near(normalQuantile(0.975), 1.959963984540054, 1e-13);
  near(normalQuantile(0.95), 1.6448536269514722, 1e-13);
  near(normalQuantile(0.01), -2.3263478740408408, 1e-13);
  assert.equal(normalQuantile(0), -Infinity);
  assert.equal(normalQuantile(1), Infinity);
  assert.ok(Number.isNaN(normalQuantile(1.1)));
  for (const p of [1e-12, 1e-6, 0.001, 0.02425, 0.3, 0.5, 0.8, 0.999, 1 - 1e-9]) {
    near(normalCdf(normalQuantile(p)) / p, 1, 1e-9);
  }
});

function near(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}
