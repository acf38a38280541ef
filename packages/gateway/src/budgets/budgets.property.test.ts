import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import * as fc from "fast-check";
import { LOCAL_CALLER } from "../keys/local-caller.ts";
import { readTotals } from "../ledger/usage.ts";
import { finalEntry, newEntry, StateContext } from "../state/contract.fixture.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import { createTestStore } from "../state/store.fixture.ts";
import { setBudget } from "./budget-admin.ts";
import type { BudgetName } from "./budget-admin.ts";
import { affordableUnits, amountOf } from "./reservation.ts";
import type { Reservation } from "./reservation.ts";

interface Running {
  state: GatewayState;
  reservation: Reservation;
  amount: number;
}

const step = fc.record({
  instance: fc.nat({ max: 1 }),
  act: fc.constantFrom("reserve", "reserve", "serve", "serve", "settle", "release", "flush", "wait"),
  units: fc.integer({ min: 0, max: 400 }),
  perUnit: fc.constantFrom(0.5, 1, 3.25),
  minUnits: fc.integer({ min: 0, max: 20 }),
  /** Of what was reserved. */
  share: fc.constantFrom(0, 0.4, 1, 1),
});

describe("budgets, any interleaving of two instances on one store", () => {
  const context = new StateContext(createTestStore);
  const states: GatewayState[] = [];
  before(async () => {
    await context.open();
    for (let i = 0; i < 2; i += 1) states.push(await context.openState({ alone: true }));
    for (const state of states) await state.recoverInterrupted();
  });
  after(() => context.close());

  test("never reserves or spends beyond the limit, and what is spent is what the ledger sums", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 0, max: 900 }),
        fc.integer({ min: 0, max: 1500 }),
        async (steps, keyLimit, teamLimit) => {
          run += 1;
          const key = { ...LOCAL_CALLER, id: `k${run}`, team: `t${run}` };
          const team: BudgetName = { scope: "team", scopeId: key.team, period: "month" };
          await setBudget(context.database, { ...team, limitNanoUsd: teamLimit }, { actor: "ada" });
          const own: BudgetName = { scope: "key", scopeId: key.id, period: "day" };
          await setBudget(context.database, { ...own, limitNanoUsd: keyLimit }, { actor: "ada" });
          for (const state of states) await state.budgets.refresh();
          const limit = Math.min(keyLimit, teamLimit);
          const running: Running[] = [];
          const waiting: Promise<void>[] = [];
          let spent = 0;
          const start = (state: GatewayState, units: number, perUnitNano: number, minUnits: number): void => {
            const demand = { fixedNano: 2.5, perUnitNano, units: units + minUnits, minUnits };
            const got = async (): Promise<void> => {
              try {
                const reservation = await state.budgets.reserve(key, demand);
                assert.ok(reservation.units >= minUnits && reservation.units <= units + minUnits);
                running.push({ state, reservation, amount: amountOf(demand, reservation.units) });
              } catch (error) {
                assert.ok(
                  error instanceof HomegrownError && error.code === "gateway/budget-exhausted",
                  String(error),
                );
              }
              const reserved = running.reduce((sum, { amount }) => sum + amount, 0);
              assert.ok(spent + reserved <= limit, `${spent} + ${reserved} of ${limit}`);
            };
            waiting.push(got());
          };
          const end = (share: number): void => {
            const one = running.shift();
            if (one === undefined) return;
            const costNano = Math.floor(one.amount * share);
            spent += costNano;
            const { reservation } = one;
            one.state.ledger
              .open(newEntry({ keyId: key.id, team: key.team, reservation }))
              .settle(finalEntry({ costNano }));
          };
          for (const { instance, act, units, perUnit, minUnits, share } of steps) {
            const state = states[instance]!;
            if (act === "reserve") start(state, units, perUnit, minUnits);
            else if (act === "serve") {
              start(state, units, perUnit, minUnits);
              await waiting.at(-1);
              end(share);
            } else if (act === "settle") end(share);
            else if (act === "release") running.shift()?.reservation.release();
            else if (act === "flush") await state.writer.flush();
            else await new Promise((resolve) => setImmediate(resolve));
          }
          await Promise.all(waiting);
          while (running.length > 0) end(0.5);
          for (const state of states) await state.writer.flush();
          assert.ok(spent <= limit);
          assert.equal((await context.spentOf(team)).spent, spent);
          assert.equal((await context.spentOf(own)).spent, spent);
          assert.equal((await readTotals(context.database, { team: key.team })).costNano, spent);
        },
      ),
      { numRuns: 25, interruptAfterTimeLimit: 20_000 },
    );
  });

  test("units are as many as fit, and one more would not", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e7, noNaN: true }),
        fc.double({ min: 0, max: 1e5, noNaN: true }),
        fc.integer({ min: 0, max: 200_000 }),
        fc.integer({ min: 0, max: 1e12 }),
        (fixedNano, perUnitNano, units, available) => {
          const demand = { fixedNano, perUnitNano, units, minUnits: 0 };
          const found = affordableUnits(demand, available);
          assert.ok(found >= -1 && found <= units);
          if (found >= 0) assert.ok(amountOf(demand, found) <= available);
          if (found < units) assert.ok(amountOf(demand, found + 1) > available);
        },
      ),
    );
  });
});
