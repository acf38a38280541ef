import assert from "node:assert/strict";
import { it } from "node:test";
import * as fc from "fast-check";
import { parseRetryAfter } from "./retry-after.ts";

const NOW = Date.parse("2026-11-25T10:00:00Z");

it("reads seconds, dates and milliseconds", () => {
  assert.equal(parseRetryAfter({ "retry-after": "7" }, NOW), 7000);
  assert.equal(parseRetryAfter({ "retry-after": "0.5" }, NOW), 500);
  assert.equal(parseRetryAfter({ "retry-after": " 7 " }, NOW), 7000);
  assert.equal(parseRetryAfter({ "retry-after": "Wed, 25 Nov 2026 10:00:30 GMT" }, NOW), 30_000);
  assert.equal(parseRetryAfter({ "retry-after": "Wed, 25 Nov 2026 09:59:30 GMT" }, NOW), 0);
  assert.equal(parseRetryAfter({ "retry-after-ms": "120", "retry-after": "9" }, NOW), 120);
  assert.equal(parseRetryAfter({ "retry-after": ["3", "4"] }, NOW), 3000);
});

it("ignores what is neither, and bounds what is absurd", () => {
  for (const value of ["", "soon", "-5", "1e3", "0x10", "7;8", "2026-11-25", "NaN"]) {
    assert.equal(parseRetryAfter({ "retry-after": value }, NOW), undefined, value);
  }
  assert.equal(parseRetryAfter({}, NOW), undefined);
  assert.equal(parseRetryAfter({ "retry-after": "999999999999" }, NOW), 86_400_000);
});

it("never gives anything but a bounded whole number, whatever comes", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (after, ms) => {
      const wait = parseRetryAfter({ "retry-after": after, "retry-after-ms": ms }, NOW);
      assert.ok(wait === undefined || (Number.isSafeInteger(wait) && wait >= 0 && wait <= 86_400_000));
    }),
  );
});
