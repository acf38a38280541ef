// Two of our gateways that share keys, budgets and ledger: in one SQLite file, and in one Postgres.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "@homegrown/testing";
import { startContender } from "./contenders.ts";
import type { Contender } from "./contenders.ts";
import { requestBody } from "./request-body.ts";

export interface Pair {
  name: string;
  gateways: readonly Contender[];
}

export interface Pairs {
  pairs: readonly Pair[];
  stop(): Promise<void>;
}

const NUM_GATEWAYS = 2;
const FIRST_PORT = 9350;

/** Both pairs on core 0, the Postgres server where the system puts it; its own time is not the gateways'. */
export async function startPairs(upstream: string): Promise<Pairs> {
  const postgres = await startPostgres();
  const started: Contender[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((gateway) => gateway.stop()));
    await postgres.stop();
  };
  try {
    const pairs: Pair[] = [];
    let port = FIRST_PORT;
    for (const store of ["SQLite", "Postgres"] as const) {
      const scratch = mkdtempSync(join(tmpdir(), `bench-shared-${store}-`));
      const env: Record<string, string> =
        store === "Postgres" ? { BENCH_POSTGRES: await postgres.newDatabase() } : {};
      const gateways: Contender[] = [];
      for (let i = 0; i < NUM_GATEWAYS; i++) {
        const place = { scratch, env, port: port++ };
        gateways.push(await startContender("homegrown", upstream, requestBody, place));
        started.push(gateways.at(-1)!);
      }
      pairs.push({ name: `two gateways, one ${store}`, gateways });
    }
    return { pairs, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
