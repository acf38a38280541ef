import assert from "node:assert/strict";
import { test } from "node:test";
import { measureMirroring } from "./mirrored-latency.fixture.ts";

/** What noise may do to a median of two milliseconds or so. A request that waited for its copy would take fifty. */
const withinNoise = (ms: number, aloneMs: number): boolean => ms < 1.5 * aloneMs + 1.5;

test("clients do not wait for copies of their requests, to a slow or a broken target", async () => {
  const numRounds = 120;
  const latency = await measureMirroring(numRounds);
  const { alone, slowly, brokenly, numSlowCopies } = latency;
  assert.ok(withinNoise(slowly, alone) && withinNoise(brokenly, alone), JSON.stringify(latency));
  assert.ok(numSlowCopies > numRounds, JSON.stringify(latency));
});
