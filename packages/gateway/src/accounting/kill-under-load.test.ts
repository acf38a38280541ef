import assert from "node:assert/strict";
import { test } from "node:test";
import { killUnderLoad } from "./kill-under-load.fixture.ts";
import { createSqliteStore } from "./scene.fixture.ts";

/** What the design promises. A machine with other work delays a gateway as it delays this process, and then some. */
const LOST_MS = 50;
const SLACK_MS = 150;

test("kill -9 under load loses the last moment, finds what ran, and leaks nothing", async () => {
  for (const seed of [1, 2, 3]) {
    const report = await killUnderLoad(createSqliteStore, seed);
    const text = JSON.stringify(report);
    assert.ok(report.oldestLostMs <= LOST_MS + SLACK_MS + 4 * report.worstLagMs, text);
    assert.ok(report.numInterrupted > 0, text);
  }
});
