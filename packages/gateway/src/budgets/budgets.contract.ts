// What budgets must do on every engine.
import assert from "node:assert/strict";
import { test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { readTotals } from "../ledger/usage.ts";
import { listBudgets, removeBudget, setBudget } from "./budget-admin.ts";
import type { BudgetName } from "./budget-admin.ts";
import { BY, TOTAL, demand, finalEntry, isCode, keyOf, newEntry, serve } from "../state/contract.fixture.ts";
import type { StateContext } from "../state/contract.fixture.ts";

export function budgetsContract(context: StateContext): void {
  test("without a budget a reservation costs nothing and allows everything", async () => {
    await context.clear();
    const state = await context.openState();
    const reservation = state.budgets.reserve(keyOf("aaaaaaaa"), demand(1e9));
    assert.ok(!(reservation instanceof Promise));
    assert.equal(reservation.units, Infinity);
    reservation.settle(5);
  });

  test("first it asks the store, then it answers at once; what is spent is what the ledger sums", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 100_000 }, BY);
    const state = await context.openState();
    const first = state.budgets.reserve(keyOf("aaaaaaaa"), demand(100));
    assert.ok(first instanceof Promise);
    serve(state, await first, 60);
    await state.writer.flush();
    let numWaited = 0;
    for (let i = 0; i < 50; i += 1) {
      const next = state.budgets.reserve(keyOf("aaaaaaaa"), demand(100));
      if (next instanceof Promise) numWaited += 1;
      serve(state, await next, 60);
      if (i % 5 === 0) await state.writer.flush();
    }
    assert.ok(numWaited <= 10, `${numWaited} of 50 waited`);
    await state.writer.flush();
    assert.equal((await context.spentOf()).spent, 51 * 60);
    assert.equal((await readTotals(context.database)).costNano, 51 * 60);
  });

  test("near the end it allows fewer units, then refuses, and says when it begins anew", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 1000 }, BY);
    const state = await context.openState();
    const capped = await state.budgets.reserve(keyOf("aaaaaaaa"), demand(500, 3, 10, 100));
    assert.equal(capped.units, 300);
    const refused = await Promise.resolve()
      .then(() => state.budgets.reserve(keyOf("bbbbbbbb"), demand(5)))
      .catch((error: unknown) => error);
    assert.ok(refused instanceof HomegrownError);
    assert.equal(refused.code, "gateway/budget-exhausted");
    assert.equal(refused.kind, "overloaded");
    assert.equal(refused.retryable, false);
    assert.deepEqual(Object.keys(refused.details).sort(), ["period", "resetsAt", "scope"]);
    assert.ok(new Date(refused.details["resetsAt"] as string).getTime() > Date.now());
    // Within the time in which the store is believed to be dry the answer needs no store.
    assert.throws(
      () => state.budgets.reserve(keyOf("bbbbbbbb"), demand(5)),
      isCode("gateway/budget-exhausted"),
    );
    capped.settle(400);
    const after = await state.budgets.reserve(keyOf("bbbbbbbb"), demand(5000));
    assert.equal(after.units, 600);
    after.release();
    assert.throws(() => after.release(), /once/);
  });

  test("key, team and total bind together, each by its own period", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, period: "month", limitNanoUsd: 1000 }, BY);
    await setBudget(
      context.database,
      { scope: "team", scopeId: "search", period: "day", limitNanoUsd: 500 },
      BY,
    );
    await setBudget(
      context.database,
      { scope: "key", scopeId: "aaaaaaaa", period: "day", limitNanoUsd: 100 },
      BY,
    );
    const state = await context.openState();
    const own = await state.budgets.reserve(keyOf("aaaaaaaa", "search"), demand(300));
    assert.equal(own.units, 100);
    own.settle(80);
    const colleague = await state.budgets.reserve(keyOf("bbbbbbbb", "search"), demand(900));
    assert.equal(colleague.units, 420);
    colleague.settle(420);
    const other = await state.budgets.reserve(keyOf("cccccccc"), demand(900));
    assert.equal(other.units, 500);
    other.settle(500);
    await state.writer.flush();
    assert.deepEqual(
      (await listBudgets(context.database)).map(({ scope, spentNanoUsd }) => [scope, spentNanoUsd]),
      [
        ["key", 80],
        ["team", 500],
        ["total", 1000],
      ],
    );
  });

  test("what costs more than was reserved is charged in full", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 1000 }, BY);
    const state = await context.openState();
    (await state.budgets.reserve(keyOf("aaaaaaaa"), demand(900))).settle(1500);
    await state.writer.flush();
    assert.equal((await context.spentOf()).spent, 1500);
    await assert.rejects(
      async () => state.budgets.reserve(keyOf("aaaaaaaa"), demand(1)),
      isCode("gateway/budget-exhausted"),
    );
  });

  test("a budget made in the middle of its period counts what was spent before", async () => {
    await context.clear();
    const state = await context.openState();
    state.ledger.open(newEntry({ team: "search" })).settle(finalEntry({ costNano: 300 }));
    state.ledger.open(newEntry({ team: "other" })).settle(finalEntry({ costNano: 50 }));
    await state.writer.flush();
    const team: BudgetName = { scope: "team", scopeId: "search", period: "month" };
    await setBudget(context.database, { ...team, limitNanoUsd: 400 }, BY);
    assert.equal((await context.spentOf(team)).spent, 300);
    await state.budgets.refresh();
    assert.equal((await state.budgets.reserve(keyOf("x", "search"), demand(900))).units, 100);
    assert.equal((await context.spentOf(team)).spent, 300);
  });

  test("changed and removed budgets are followed, also by those who wait", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 100 }, BY);
    const state = await context.openState({ pollMs: 20 });
    const first = await state.budgets.reserve(keyOf("a"), demand(100));
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 300 }, BY);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const second = await state.budgets.reserve(keyOf("a"), demand(900));
    assert.equal(second.units, 200);
    assert.equal(await removeBudget(context.database, TOTAL), true);
    assert.equal(await removeBudget(context.database, TOTAL), false);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal((await state.budgets.reserve(keyOf("a"), demand(900))).units, Infinity);
    first.settle(10);
    second.settle(10);
    await state.writer.flush();
  });

  test("what one instance holds idle another gets, soon", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 1000 }, BY);
    const a = await context.openState({ alone: true });
    const b = await context.openState({ alone: true });
    await a.recoverInterrupted();
    await b.recoverInterrupted();
    const held = await a.budgets.reserve(keyOf("a"), demand(900));
    held.release();
    const got = await b.budgets.reserve(keyOf("b"), demand(1000));
    assert.equal(got.units, 1000);
    got.settle(1000);
    await b.writer.flush();
    assert.deepEqual(await context.spentOf(), { spent: 1000, held: 0 });
  });

  test("200 clients at once on two instances spend no more than there is, and use it up", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 1_000_000 }, BY);
    const states = [await context.openState({ alone: true }), await context.openState({ alone: true })];
    for (const state of states) await state.recoverInterrupted();
    let spent = 0;
    let refused = 0;
    const client = async (number: number): Promise<void> => {
      const state = states[number % 2]!;
      for (let i = 0; i < 10; i += 1) {
        try {
          const reservation = await state.budgets.reserve(keyOf(`k${number}`), demand(1000, 7, 1, 300));
          const cost = Math.min(300 + 7 * reservation.units, 500 + ((number * 37 + i * 101) % 3000));
          const entry = state.ledger.open(newEntry({ reservation }));
          await new Promise((resolve) => setTimeout(resolve, (number + i) % 4));
          entry.settle(finalEntry({ costNano: cost }));
          spent += cost;
        } catch (error) {
          assert.ok(isCode("gateway/budget-exhausted")(error), String(error));
          refused += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: 200 }, (_, number) => client(number)));
    for (const state of states) await state.writer.flush();
    assert.ok(refused > 0);
    assert.ok(spent <= 1_000_000, `${spent} spent`);
    assert.ok(spent > 900_000, `only ${spent} spent`);
    assert.equal((await context.spentOf()).spent, spent);
    assert.equal((await readTotals(context.database)).costNano, spent);
  });
}
