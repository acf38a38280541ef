// What must be true, on every engine, of instances that die, are taken for dead, leave, or lose answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import type { BatchStatement } from "@homegrown/storage";
import { setBudget } from "../budgets/budget-admin.ts";
import { createKey, revokeKey } from "../keys/key-admin.ts";
import { listLedger, readTotals } from "../ledger/usage.ts";
import { GatewayState } from "./gateway-state.ts";
import { waitFor } from "./store.fixture.ts";
import { BY, TOTAL, demand, finalEntry, isCode, keyOf, newEntry, serve } from "./contract.fixture.ts";
import type { StateContext } from "./contract.fixture.ts";

export function recoveryContract(context: StateContext): void {
  test("what a dead instance left is marked, charged once and freed, whoever finds it first", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 10_000 }, BY);
    const dying = await context.openState();
    const reservation = await dying.budgets.reserve(keyOf("aaaaaaaa"), demand(2000, 1, 1, 1000));
    dying.ledger.open(newEntry({ reservation, inputCostNano: 1000 }));
    dying.ledger.open(newEntry({ mirrorOf: "x", inputCostNano: 77 }));
    await new Promise((resolve) => setTimeout(resolve, 40));
    await dying.writer.flush();
    assert.ok((await context.spentOf()).held >= 3000);
    await context.killInStore(dying.writer.instance);
    const others = [await context.openState(), await context.openState()];
    assert.deepEqual(
      (await Promise.all(others.map((state) => state.recoverInterrupted()))).filter((n) => n > 0),
      [],
      "found when the first was opened",
    );
    assert.deepEqual(await context.spentOf(), { spent: 1000, held: 0 });
    const { records } = await listLedger(context.database);
    assert.deepEqual(
      records.map(({ outcome, costNano, mirrorCostNano, usage, errorCode }) => ({
        outcome,
        costNano,
        mirrorCostNano,
        estimated: usage.estimated,
        errorCode,
      })),
      [
        {
          outcome: "interrupted",
          costNano: null,
          mirrorCostNano: 77,
          estimated: true,
          errorCode: "gateway/interrupted",
        },
        {
          outcome: "interrupted",
          costNano: 1000,
          mirrorCostNano: null,
          estimated: true,
          errorCode: "gateway/interrupted",
        },
      ],
    );
  });

  test("one that was taken for dead and lives writes on under a new number, and nothing is charged twice", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 100_000 }, BY);
    const zombie = await context.openState();
    const number = zombie.writer.instance;
    const reservations = [
      await zombie.budgets.reserve(keyOf("aaaaaaaa"), demand(2000, 1, 1, 1000)),
      await zombie.budgets.reserve(keyOf("aaaaaaaa"), demand(2000, 1, 1, 1000)),
    ];
    const [early, late] = reservations.map((reservation) =>
      zombie.ledger.open(newEntry({ reservation, inputCostNano: 1000 })),
    );
    await new Promise((resolve) => setTimeout(resolve, 40));
    await zombie.writer.flush();
    await context.killInStore(number);
    const other = await context.openState();
    assert.equal((await context.spentOf()).spent, 2000);
    early!.settle(finalEntry({ costNano: 1200 }));
    await zombie.writer.flush();
    assert.notEqual(zombie.writer.instance, number);
    serve(zombie, await zombie.budgets.reserve(keyOf("aaaaaaaa"), demand(10)), 5);
    late!.settle(finalEntry({ costNano: 1300 }));
    await zombie.writer.flush();
    await other.recoverInterrupted();
    const { records } = await listLedger(context.database);
    assert.deepEqual(records.map(({ outcome, costNano }) => [outcome, costNano]).sort(), [
      ["completed", 1200],
      ["completed", 1300],
      ["completed", 5],
    ]);
    assert.equal((await context.spentOf()).spent, 2505);
    assert.equal(zombie.writer.health.healthy, true);
  });

  test("a closed instance leaves nothing held", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 10_000 }, BY);
    const state = await context.openState();
    serve(state, await state.budgets.reserve(keyOf("a"), demand(100)), 70);
    assert.deepEqual(await state.close(), { unwrittenRows: 0 });
    assert.deepEqual(await context.spentOf(), { spent: 70, held: 0 });
    assert.throws(() => state.writer.assertRoom(), isCode("gateway/store-behind"));
  });

  test("a commit whose answer was lost is not done twice", async () => {
    await context.clear();
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 10_000 }, BY);
    let numLost = 0;
    const own = await context.openDatabase();
    const lossy = {
      ...own,
      batch: async (statements: readonly BatchStatement[]) => {
        const results = await own.batch(statements);
        if (numLost >= 3) return results;
        numLost += 1;
        throw new HomegrownError({
          code: "storage/context.database-unavailable",
          kind: "unavailable",
          message: "lost",
          hint: "wait",
          details: { outcome: "unknown" },
          retryable: true,
        });
      },
    };
    const state = await GatewayState.open(lossy, { pollMs: 0 });
    context.closeLater(state, own);
    for (let i = 0; i < 5; i += 1) {
      serve(state, await state.budgets.reserve(keyOf("a"), demand(100)), 60);
      await state.writer.flush();
    }
    assert.equal(numLost, 3);
    assert.equal((await context.spentOf()).spent, 300);
    assert.equal((await readTotals(context.database)).numRequests, 5);
    assert.equal((await context.spentOf()).held <= 9700, true);
  });

  test("keys come and go across connections", async () => {
    const state = await context.openState({ pollMs: 20 });
    const { key, text } = await createKey(context.database, { name: "shared" }, BY);
    await waitFor(() => state.keys.find(key.id) !== undefined);
    assert.equal(state.keys.authenticate(text).id, key.id);
    await revokeKey(context.database, key.id, BY);
    await waitFor(() => state.keys.find(key.id)?.revokedAt !== undefined);
  });
}
