// A gateway's worth of requests over a budget, until somebody kills it: prints the number of each request that
// has been settled, with the time, after it has been settled.
import { writeSync } from "node:fs";
import { openDatabase } from "@homegrown/storage";
import { demand, finalEntry, keyOf, newEntry } from "./contract.fixture.ts";
import { GatewayState } from "./gateway-state.ts";
import { GATEWAY_MIGRATIONS } from "./tables.ts";
import type { GatewayTables } from "./tables.ts";

const database = await openDatabase<GatewayTables>(process.argv[2]!, [GATEWAY_MIGRATIONS]);
const state = await GatewayState.open(database);
let number = 0;

async function client(): Promise<never> {
  for (;;) {
    number += 1;
    const requestId = `r${number}`;
    const reservation = await state.budgets.reserve(keyOf("aaaaaaaa", "search"), demand(500, 1, 1, 100));
    const entry = state.ledger.open(newEntry({ requestId, reservation, inputCostNano: 100 }));
    // Some are short, some are surely running when the end comes.
    await new Promise((resolve) => setTimeout(resolve, number % 10 === 0 ? 400 : number % 7));
    entry.settle(finalEntry({ costNano: 250 }));
    writeSync(1, `${requestId} ${Date.now()}\n`);
  }
}

await Promise.all(Array.from({ length: 20 }, client));
