import assert from "node:assert/strict";
import { test } from "node:test";
import { scheduleFactor } from "./schedule.ts";

test("the rate climbs, stays at one and falls to the final fraction", () => {
  const schedule = { warmupSteps: 4, decaySteps: 5, finalFraction: 0.1 };
  const factors = Array.from({ length: 20 }, (_, step) => scheduleFactor(step, 20, schedule));
  const expected = [0.2, 0.4, 0.6, 0.8, ...Array.from({ length: 11 }, () => 1)];
  expected.push(...[5, 4, 3, 2, 1].map((left) => 0.1 + (0.9 * left) / 6));
  factors.forEach((factor, step) =>
    assert.ok(Math.abs(factor - expected[step]!) < 1e-12, `step ${step}: ${factor}`),
  );
});

test("without warm-up and decay every step runs at the peak", () => {
  const schedule = { warmupSteps: 0, decaySteps: 0, finalFraction: 0 };
  for (const step of [0, 1, 9]) assert.equal(scheduleFactor(step, 10, schedule), 1);
});

test("warm-up and decay that overlap never exceed either", () => {
  const schedule = { warmupSteps: 10, decaySteps: 10, finalFraction: 0 };
  for (let step = 0; step < 10; step++) {
    const factor = scheduleFactor(step, 10, schedule);
    assert.ok(factor > 0 && factor <= Math.min((step + 1) / 11, (10 - step) / 11) + 1e-12);
  }
});
