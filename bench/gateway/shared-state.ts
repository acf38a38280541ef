// Two of our gateways that share keys, budgets and ledger: in one SQLite file, and in one Postgres.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "@homegrown/testing";
import { startContender } from "./contenders.ts";
import type { Contender } from "./contenders.ts";
import { loadRequests } from "./load.ts";
import type { RequestLoad } from "./load.ts";
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
const CONNECTIONS_EACH = 16;

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

/** Both gateways of a pair at once. */
export async function loadPair(
  { gateways }: Pair,
  bodyFileOf: (gateway: Contender) => string,
  length: { seconds: number } | { requests: number },
): Promise<Record<string, number>> {
  const used = (): number => gateways.reduce((sum, gateway) => sum + gateway.cpu(), 0);
  const before = used();
  const loads = await Promise.all(
    gateways.map((gateway) =>
      loadRequests({
        url: gateway.url("d0"),
        headers: gateway.headers,
        bodyFile: bodyFileOf(gateway),
        connections: CONNECTIONS_EACH,
        ...length,
      }),
    ),
  );
  const sum = (of: (load: RequestLoad) => number): number => loads.reduce((so, load) => so + of(load), 0);
  return {
    requestsPerSecond: sum((load) => load.requestsPerSecond),
    p50: sum((load) => load.latencyMs[0]) / loads.length,
    p99: Math.max(...loads.map((load) => load.latencyMs[2])),
    cpuMicroseconds:
      (used() - before) /
      Math.max(
        1,
        sum((load) => load.numRequests),
      ),
    errors: sum((load) => load.numErrors),
  };
}
