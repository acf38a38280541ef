// That nobody is refused, or held up, while there is money: on every engine, whoever else asks, for whatever.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readTotals } from "../ledger/usage.ts";
import { BY, TOTAL, demand, isCode, keyOf, serve } from "../state/contract.fixture.ts";
import type { StateContext } from "../state/contract.fixture.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import { removeBudget, setBudget } from "./budget-admin.ts";
import type { Demand, Reservation } from "./reservation.ts";

/** An amount that is needed whole. */
const whole = (nano: number): Demand => demand(0, 0, 0, nano);

const ask = async (state: GatewayState, wanted: Demand): Promise<Reservation> =>
  state.budgets.reserve(keyOf("aaaaaaaa"), wanted);

export function budgetsServeContract(context: StateContext): void {
  const openTwo = async (): Promise<[GatewayState, GatewayState]> => {
    const first = await context.openState({ alone: true });
    const second = await context.openState({ alone: true });
    for (const state of [first, second]) await state.recoverInterrupted();
    return [first, second];
  };

  test("who waits is not refused while there is money, though others are faster", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 1e12 }, BY);
    const state = await context.openState();
    const reserve = () => state.budgets.reserve(keyOf("aaaaaaaa"), demand(100));
    const held: Reservation[] = [await reserve()];
    const reserveUntilOneWaits = (): Promise<Reservation> => {
      for (;;) {
        const next = reserve();
        if (next instanceof Promise) return next;
        held.push(next);
      }
    };
    held.push(await reserveUntilOneWaits());
    for (let round = 0; round < 5; round++) {
      const numHeld = held.length;
      held.push(await reserveUntilOneWaits());
      // From here on a slice is asked for only now and then.
      await state.writer.flush();
      const waiting = reserveUntilOneWaits();
      // What comes free now would do, and a batch is put together; somebody comes while it is under way.
      for (const one of held.splice(-2)) one.settle(50);
      await new Promise((resolve) => setImmediate(resolve));
      const faster = reserve();
      held.push(...(await Promise.all([waiting, faster])));
      for (const one of held.splice(numHeld)) one.settle(50);
    }
    for (const one of held) one.settle(50);
  });

  test("a request that cannot be paid makes the budget dry for none that can", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 4000 }, BY);
    const state = await context.openState();
    const held = await ask(state, whole(100));
    await assert.rejects(ask(state, whole(5000)), isCode("gateway/budget-exhausted"));
    const other = await ask(state, whole(2000));
    held.release();
    other.release();
  });

  test("amounts beyond all numbers hold nobody up", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 1_000_000 }, BY);
    const state = await context.openState();
    const vast = ask(state, demand(9e15, 15_000));
    const small = ask(state, demand(5, 100));
    serve(state, await small, 60);
    const granted = await vast;
    assert.ok(granted.units > 0 && granted.units * 15_000 <= 1_000_000, `${granted.units}`);
    granted.settle(9e15);
    (await ask(state, whole(0))).settle(9e15);
    await state.writer.flush();
    await assert.rejects(ask(state, demand(1)), isCode("gateway/budget-exhausted"));
    // The ledger goes on, for this key and for all others.
    await state.writer.flush();
    assert.equal((await context.spentOf()).spent, 9e15);
  });

  test("a budget that was removed and set anew serves every instance, and counts each request once", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 1e9 }, BY);
    const [first, second] = await openTwo();
    serve(second, await ask(second, demand(100)), 50);
    await second.writer.flush();
    for (let round = 0; round < 3; round++) {
      const running = await Promise.all([ask(first, demand(100)), ask(second, demand(100))]);
      await removeBudget(context.database, TOTAL);
      await setBudget(context.database, { ...TOTAL, limitNanoUsd: 1e9 }, BY);
      serve(first, running[0]!, 10);
      serve(second, running[1]!, 10);
      serve(first, await ask(first, demand(100)), 40);
      await first.writer.flush();
      const startedAt = performance.now();
      serve(second, await ask(second, demand(100)), 40);
      assert.ok(performance.now() - startedAt < 2000);
    }
    for (const state of [first, second]) await state.writer.flush();
    const { costNano } = await readTotals(context.database);
    assert.equal(costNano, 50 + 3 * 100);
    assert.equal((await context.spentOf()).spent, costNano);
  });

  test("two instances that lack what the other holds are not both refused", async () => {
    for (let round = 0; round < 3; round++) {
      await context.clear();
      await setBudget(context.database, { ...TOTAL, limitNanoUsd: 1500 }, BY);
      const pair = await openTwo();
      const held = await Promise.all(pair.map((state) => ask(state, whole(750))));
      for (const one of held) one.release();
      const asked = await Promise.allSettled(pair.map((state) => ask(state, whole(1000))));
      assert.ok(asked.some(({ status }) => status === "fulfilled"));
    }
  });
}
