import assert from "node:assert/strict";
import { test } from "node:test";
import { proportionInterval } from "./index.ts";

// Newcombe, Statistics in Medicine 17 (1998), table I, method 3 (Wilson's score without correction).
const NEWCOMBE = [
  { passed: 81, total: 263, low: 0.2553, high: 0.3662 },
  { passed: 15, total: 148, low: 0.0624, high: 0.1605 },
  { passed: 0, total: 20, low: 0, high: 0.1611 },
  { passed: 1, total: 29, low: 0.0061, high: 0.1718 },
];

for (const { passed, total, low, high } of NEWCOMBE) {
  test(`Wilson's interval of ${passed}/${total} is Newcombe's`, () => {
    const interval = proportionInterval(passed, total);
    assert.equal(interval.low.toFixed(4), low.toFixed(4));
    assert.equal(interval.high.toFixed(4), high.toFixed(4));
    assert.equal(interval.value, passed / total);
  });
}

test("counts that are no share are refused", () => {
  for (const [passed, total] of [
    [1, 0],
    [3, 2],
    [-1, 2],
    [0.5, 2],
  ] as const) {
    assert.throws(() => proportionInterval(passed, total), { code: "statistics/bad-counts" });
  }
});
