import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { formatCost, formatDollars, parseDollars } from "./money.ts";

test("dollars are read to the last nano-dollar", () => {
  assert.equal(parseDollars("100"), 100e9);
  assert.equal(parseDollars("$1,000.10"), 1_000_100_000_000);
  assert.equal(parseDollars("0.1"), 100_000_000);
  assert.equal(parseDollars("0.000000001"), 1);
  for (const wrong of ["", "-1", "1e3", "1.0000000001", "ten", "9000000.01", "1.2.3", "Infinity"]) {
    assert.throws(() => parseDollars(wrong), /expected/, wrong);
  }
});

test("any amount of nano-dollars survives being written out", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9e15 }), (nano) => {
      const text = `${Math.floor(nano / 1e9)}.${String(nano % 1e9).padStart(9, "0")}`;
      assert.equal(parseDollars(text), nano);
    }),
  );
});

test("amounts show cents always, and small ones what they are", () => {
  assert.equal(formatDollars(0), "$0.00");
  assert.equal(formatDollars(1_234_567_890_000), "$1,234.57");
  assert.equal(formatDollars(68_000), "$0.000068");
  assert.equal(formatDollars(500_000_000), "$0.50");
  assert.equal(formatDollars(1), "<$0.000001");
});

test("what nobody knows is never shown as nothing", () => {
  assert.equal(formatDollars(null), "unknown");
  assert.equal(formatCost(0, 3, 3), "unknown");
  assert.equal(formatCost(2e9, 1, 3), "$2.00 + 1 unknown");
  assert.equal(formatCost(2e9, 0, 3), "$2.00");
});
