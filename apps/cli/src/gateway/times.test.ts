import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration, parseExpiry, parseFrom, parseTo, startOfMonth } from "./times.ts";

const NOW = Date.parse("2026-11-25T10:30:00Z");
const DAY_MS = 86_400_000;

test("durations", () => {
  assert.equal(parseDuration("0s"), 0);
  assert.equal(parseDuration("90d"), 90 * DAY_MS);
  assert.equal(parseDuration("12h"), DAY_MS / 2);
  for (const wrong of ["", "d", "1.5d", "-1d", "1y", "99999w", "1 d"]) {
    assert.throws(() => parseDuration(wrong), /expected/, wrong);
  }
});

test("a report from one day to another holds both, whole", () => {
  assert.equal(parseFrom("2026-11-01", NOW).toISOString(), "2026-11-01T00:00:00.000Z");
  assert.equal(parseTo("2026-11-30", NOW).toISOString(), "2026-12-01T00:00:00.000Z");
  assert.equal(parseTo("2026-11-25T08:00Z", NOW).toISOString(), "2026-11-25T08:00:00.000Z");
  assert.equal(parseFrom("7d", NOW).toISOString(), "2026-11-18T10:30:00.000Z");
  assert.equal(startOfMonth(NOW).toISOString(), "2026-11-01T00:00:00.000Z");
});

test("days that do not exist, and times without a zone, are refused", () => {
  for (const wrong of ["2026-02-30", "2026-13-01", "2026-11-25T08:00", "yesterday", "25.11.2026"]) {
    assert.throws(() => parseFrom(wrong, NOW), /expected/, wrong);
  }
});

test("an expiry lies ahead", () => {
  assert.equal(parseExpiry("90d", NOW).getTime(), NOW + 90 * DAY_MS);
  assert.equal(parseExpiry("2027-01-01", NOW).toISOString(), "2027-01-01T00:00:00.000Z");
  for (const wrong of ["2026-11-25", "0s"]) {
    assert.throws(() => parseExpiry(wrong, NOW), /still to come/, wrong);
  }
});
