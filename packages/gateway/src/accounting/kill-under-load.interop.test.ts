// The same on a real Postgres, where the dead gateway's locks and transactions outlive it for a moment.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startPostgres } from "@homegrown/testing";
import type { PostgresServer } from "@homegrown/testing";
import { killUnderLoad } from "./kill-under-load.fixture.ts";

/** A round trip more than SQLite; see kill-under-load.test.ts. */
const LOST_MS = 100;
const SLACK_MS = 150;

let server: PostgresServer;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

test("kill -9 of a gateway on Postgres loses the last moment, finds what ran, and leaks nothing", async () => {
  for (const seed of [1, 2]) {
    const report = await killUnderLoad(
      async () => ({
        location: { kind: "postgres", url: await server.newDatabase() },
        remove: () => Promise.resolve(),
      }),
      seed,
    );
    const text = JSON.stringify(report);
    assert.ok(report.oldestLostMs <= LOST_MS + SLACK_MS + 4 * report.worstLagMs, text);
    assert.ok(report.numInterrupted > 0, text);
  }
});
