import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setBudget } from "../budgets/budget-admin.ts";
import { listLedger, readTotals } from "../ledger/usage.ts";
import type { LedgerRecord } from "../ledger/ledger-entry.ts";
import { BY, StateContext, TOTAL } from "./contract.fixture.ts";
import { createTestStore } from "./store.fixture.ts";
import type { TestStore } from "./store.fixture.ts";

/** What the design promises, and what a machine with other work on it may add. */
const LOST_MS = 50;
const SLACK_MS = 150;

describe("kill -9 under load", () => {
  let store: TestStore;
  const context = new StateContext(async () => (store = await createTestStore()));
  before(() => context.open());
  after(() => context.close());

  test("loses no settled request but the last ones, finds what ran, and leaks no reservation", async () => {
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 1_000_000_000 }, BY);
    const env: NodeJS.ProcessEnv = { ...process.env };
    delete env["NODE_TEST_CONTEXT"];
    const child = spawn(process.execPath, [join(import.meta.dirname, "kill.fixture.ts"), store.file], {
      stdio: ["ignore", "pipe", "inherit"],
      env,
    });
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      if (printed.length > 12_000 && !child.killed) child.kill("SIGKILL");
    });
    await new Promise((resolve) => child.once("close", resolve));
    const lines = printed
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split(" ") as [string, string]);
    const endMs = Math.max(...lines.map(([, at]) => Number(at)));
    assert.ok(lines.length > 300, `only ${lines.length} were settled`);

    const state = await context.openState();
    const records = new Map<string, LedgerRecord>();
    let after: string | undefined;
    do {
      const page = await listLedger(context.database, { limit: 1000, ...(after !== undefined && { after }) });
      for (const record of page.records) records.set(record.requestId, record);
      after = page.next;
    } while (after !== undefined);

    const missing = lines.filter(([id]) => records.get(id)?.outcome !== "completed");
    const tooEarly = missing.filter(([, at]) => Number(at) < endMs - LOST_MS - SLACK_MS);
    assert.deepEqual(tooEarly, [], `of ${missing.length} that are missing`);
    const interrupted = [...records.values()].filter(({ outcome }) => outcome === "interrupted");
    assert.ok(interrupted.length > 0, "some ran long enough to be seen");
    assert.ok(interrupted.every(({ costNano, usage }) => costNano === 100 && usage.estimated));
    assert.equal(await state.recoverInterrupted(), 0);
    assert.deepEqual(await context.spentOf(), {
      spent: (await readTotals(context.database)).costNano,
      held: 0,
    });
  });
});
