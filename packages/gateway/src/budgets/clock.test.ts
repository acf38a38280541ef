import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { demand, isCode, keyOf, StateContext, TOTAL } from "../state/contract.fixture.ts";
import { createTestStore, TestClock } from "../state/store.fixture.ts";
import { listBudgets, setBudget } from "./budget-admin.ts";
import { endOfPeriod, startOfPeriod } from "./periods.ts";

const DAY_MS = 86_400_000;

describe("budget periods", () => {
  const context = new StateContext(createTestStore);
  before(() => context.open());
  after(() => context.close());

  test("are UTC days and calendar months, leap years and years' ends included", () => {
    const at = Date.UTC(2028, 1, 29, 23, 59, 59, 999);
    assert.equal(startOfPeriod("day", at), Date.UTC(2028, 1, 29));
    assert.equal(startOfPeriod("month", at), Date.UTC(2028, 1, 1));
    assert.equal(endOfPeriod("day", startOfPeriod("day", at)), at + 1);
    assert.equal(endOfPeriod("month", startOfPeriod("month", at)), at + 1);
    assert.equal(endOfPeriod("month", Date.UTC(2026, 11, 1)), Date.UTC(2027, 0, 1));
  });

  test("a new day has a new budget; a request is charged to the day in which it was reserved", async () => {
    await context.clear();
    const clock = new TestClock(Date.UTC(2026, 10, 25, 23, 59, 59));
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 1000 }, { actor: "ada" });
    await setBudget(context.database, { ...TOTAL, period: "month", limitNanoUsd: 1500 }, { actor: "ada" });
    const state = await context.openState({ clock });
    const late = await state.budgets.reserve(keyOf("a"), demand(1000));
    assert.equal(late.units, 1000);
    clock.advance(2_000);
    const early = await state.budgets.reserve(keyOf("a"), demand(1000));
    assert.equal(early.units, 500);
    late.settle(900);
    early.settle(500);
    await state.writer.flush();
    const spentAt = async (wallMs: number): Promise<number[]> =>
      (await listBudgets(context.database, wallMs)).map(({ spentNanoUsd }) => spentNanoUsd);
    assert.deepEqual(await spentAt(clock.wall), [500, 1400]);
    assert.deepEqual(await spentAt(clock.wall - DAY_MS), [900, 1400]);
  });

  test("a clock that is set back reopens no spent day, one that is set forward crashes nothing", async () => {
    await context.clear();
    const clock = new TestClock(Date.UTC(2026, 10, 25, 12));
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 1000 }, { actor: "ada" });
    const state = await context.openState({ clock });
    const refused = isCode("gateway/budget-exhausted");
    const spendAll = async (): Promise<void> => {
      (await state.budgets.reserve(keyOf("a"), demand(1000))).settle(1000);
      await state.writer.flush();
    };
    await spendAll();
    clock.wall += 40 * DAY_MS;
    await spendAll();
    clock.wall -= 40 * DAY_MS;
    await assert.rejects(async () => state.budgets.reserve(keyOf("a"), demand(1)), refused);
    const restarted = await context.openState({ clock });
    await assert.rejects(async () => restarted.budgets.reserve(keyOf("a"), demand(1)), refused);
    clock.wall += DAY_MS;
    assert.equal((await restarted.budgets.reserve(keyOf("a"), demand(10))).units, 10);
  });
});
