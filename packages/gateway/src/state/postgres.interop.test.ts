// The same suite on a real Postgres, each connection with a pool of its own, as another gateway would have.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { openPostgres } from "@homegrown/storage";
import type { Database } from "@homegrown/storage";
import { startPostgres } from "@homegrown/testing";
import type { PostgresServer } from "@homegrown/testing";
import { setBudget } from "../budgets/budget-admin.ts";
import { readTotals } from "../ledger/usage.ts";
import { BY, demand, keyOf, serve, StateContext, TOTAL } from "./contract.fixture.ts";
import { describeGatewayState } from "./gateway-state.contract.ts";
import { GATEWAY_MIGRATIONS } from "./tables.ts";
import type { GatewayTables } from "./tables.ts";

const open = (url: string): Promise<Database<GatewayTables>> =>
  openPostgres<GatewayTables>(url, [GATEWAY_MIGRATIONS], { maxConnections: 4 });

describeGatewayState("Postgres", async () => {
  const server = await startPostgres();
  const url = await server.newDatabase();
  return { open: () => open(url), remove: () => server.stop() };
});

describe("gateway state on a Postgres that crashes", () => {
  let server: PostgresServer;
  const context = new StateContext(async () => {
    server = await startPostgres();
    const url = await server.newDatabase();
    return { open: () => open(url), remove: () => server.stop() };
  });
  before(() => context.open());
  after(() => context.close());

  test("two instances lose nothing and charge nothing twice", async () => {
    await setBudget(context.database, { ...TOTAL, limitNanoUsd: 1_000_000_000 }, BY);
    const states = [await context.openState({ alone: true }), await context.openState({ alone: true })];
    let spent = 0;
    let numServed = 0;
    const ending = new AbortController();
    const client = async (number: number): Promise<void> => {
      const state = states[number % 2]!;
      while (!ending.signal.aborted) {
        try {
          serve(state, await state.budgets.reserve(keyOf(`k${number}`), demand(1000)), 600);
          spent += 600;
          numServed += 1;
        } catch (error) {
          assert.ok(error instanceof HomegrownError && error.code === "gateway/store-behind", String(error));
        }
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    const clients = Array.from({ length: 20 }, (_, number) => client(number));
    for (let i = 0; i < 2; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await server.restart();
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    ending.abort();
    await Promise.all(clients);
    for (const state of states) await state.writer.flush();
    assert.ok(numServed > 1000, String(numServed));
    const totals = await readTotals(context.database);
    assert.deepEqual([totals.numRequests, totals.costNano], [numServed, spent]);
    assert.equal((await context.spentOf()).spent, spent);
  });
});
