import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import type { BatchStatement } from "@homegrown/storage";
import { readTotals } from "../ledger/usage.ts";
import {
  demand,
  finalEntry,
  isCode,
  newEntry,
  keyOf,
  serve,
  StateContext,
  TOTAL,
} from "../state/contract.fixture.ts";
import { GatewayState } from "../state/gateway-state.ts";
import { createTestStore, TestClock } from "../state/store.fixture.ts";
import { setBudget } from "./budget-admin.ts";

function busy(): HomegrownError {
  return new HomegrownError({
    code: "storage/database-busy",
    kind: "unavailable",
    message: "busy",
    hint: "wait",
  });
}

describe("budgets while the store fails", () => {
  const context = new StateContext(createTestStore);
  before(() => context.open());
  after(() => context.close());

  const openFailing = async (
    clock: TestClock,
    maxRows = 20_000,
  ): Promise<{ state: GatewayState; mend(): void; fail(): void }> => {
    const { database } = context;
    let failing = false;
    const batch = (statements: readonly BatchStatement[]) =>
      failing ? Promise.reject(busy()) : database.batch(statements);
    const state = await GatewayState.open({ ...database, batch }, { pollMs: 0, clock, writer: { maxRows } });
    context.closeLater(state, undefined);
    return { state, mend: () => (failing = false), fail: () => (failing = true) };
  };

  test("what is set aside goes on being served, and is written once the store is back", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 100_000 }, { actor: "ada" });
    const { state, mend, fail } = await openFailing(new TestClock());
    serve(state, await state.budgets.reserve(keyOf("a"), demand(100)), 60);
    await state.writer.flush();
    fail();
    for (let i = 0; i < 5; i += 1) {
      const reservation = state.budgets.reserve(keyOf("a"), demand(100));
      assert.ok(!(reservation instanceof Promise));
      serve(state, reservation, 60);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(state.writer.health.lastError, "storage/database-busy");
    assert.equal((await context.spentOf()).spent, 60);
    mend();
    await state.writer.flush();
    await state.writer.flush();
    assert.equal((await context.spentOf()).spent, 360);
    assert.equal((await readTotals(context.database)).costNano, 360);
  });

  test("the queue is bounded: nothing is admitted beyond it, what was admitted is kept, refusals leave no row", async () => {
    await context.clear();
    const { state, mend, fail } = await openFailing(new TestClock(), 10);
    fail();
    const settle = (outcome: "completed" | "refused"): void =>
      state.ledger.open(newEntry()).settle(finalEntry({ outcome, costNano: 1 }));
    for (let i = 0; i < 10; i += 1) {
      state.writer.assertRoom();
      settle("completed");
    }
    assert.throws(() => state.writer.assertRoom(), isCode("gateway/store-behind"));
    for (let i = 0; i < 1000; i += 1) settle("refused");
    settle("completed");
    assert.equal(state.writer.health.behindRows, 11);
    assert.equal(state.ledger.numUnrecorded, 1000);
    mend();
    await state.writer.flush();
    await state.writer.flush();
    assert.equal((await readTotals(context.database)).numRequests, 11);
    state.writer.assertRoom();
  });

  test("who would have to ask it is told to come back, and nothing is spent without a lease", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 100_000 }, { actor: "ada" });
    const clock = new TestClock();
    const { state, mend, fail } = await openFailing(clock);
    const first = await state.budgets.reserve(keyOf("a"), demand(100));
    fail();
    const behind = isCode("gateway/store-behind");
    const waiting = assert.rejects(
      Promise.resolve(state.budgets.reserve(keyOf("a"), demand(90_000))),
      behind,
    );
    clock.advance(6_000);
    await waiting;
    clock.advance(6_000);
    assert.throws(() => state.budgets.reserve(keyOf("a"), demand(1)), behind);
    first.settle(70);
    mend();
    await state.writer.flush();
    await state.writer.flush();
    assert.equal((await context.spentOf()).spent, 70);
    assert.equal((await state.budgets.reserve(keyOf("a"), demand(90_000))).units, 90_000);
  });
});
