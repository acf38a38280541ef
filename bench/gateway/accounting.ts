// Does the bill hold? Budgets spent by 200 clients at once, gateways killed under load, and what mirroring does to
// the client. Every figure is held against the account that the provider kept, request by request; a difference
// ends the run.
// Usage: node bench/gateway/accounting.ts [seeds=20] [--postgres] > bench/results/gateway-accounting.md
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { startPostgres } from "@homegrown/testing";
import type { PostgresServer } from "@homegrown/testing";
import {
  LIMIT_NANO,
  NUM_CLIENTS,
  checkRefusals,
  checkRows,
  checkSum,
  spendBudget,
  spendTheRest,
} from "../../packages/gateway/src/accounting/exact-budget.fixture.ts";
import { killUnderLoad } from "../../packages/gateway/src/accounting/kill-under-load.fixture.ts";
import { measureMirroring } from "../../packages/gateway/src/accounting/mirrored-latency.fixture.ts";
import { costOf, createSqliteStore } from "../../packages/gateway/src/accounting/scene.fixture.ts";
import type { SceneStore } from "../../packages/gateway/src/accounting/scene.fixture.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { postgres: { type: "boolean", default: false } },
});
const numSeeds = Number(positionals[0] ?? 20);
const seeds = Array.from({ length: numSeeds }, (_, n) => n + 1);
let server: PostgresServer | undefined;

async function createPostgresStore(): Promise<SceneStore> {
  server ??= await startPostgres();
  return { location: { kind: "postgres", url: await server.newDatabase() }, remove: () => Promise.resolve() };
}

const SETTINGS: readonly { name: string; openStore: () => Promise<SceneStore>; numGateways: number }[] = [
  { name: "one gateway, SQLite", openStore: createSqliteStore, numGateways: 1 },
  { name: "two gateways, one SQLite file", openStore: createSqliteStore, numGateways: 2 },
  ...(options.postgres
    ? [{ name: "two gateways, Postgres", openStore: createPostgresStore, numGateways: 2 }]
    : []),
];

async function spendRow({ name, openStore, numGateways }: (typeof SETTINGS)[number], seed: number) {
  const spending = await spendBudget(openStore, numGateways, seed);
  try {
    await checkSum(spending);
    checkRows(spending);
    checkRefusals(spending);
    const { seen, ledger } = spending;
    const numRefused = seen.filter(({ status, left }) => status !== 200 && !left).length;
    const numEstimated = ledger.filter(({ usage }) => usage.estimated).length;
    const spent = costOf(ledger);
    const left = await spendTheRest(spending);
    console.error(`${name}, seed ${seed}: ${usd(spent)}`);
    return [name, seed, seen.length, numRefused, numEstimated, usd(spent), usd(LIMIT_NANO - left)];
  } finally {
    await spending.scene.close();
  }
}

try {
  const budgets: (string | number)[][] = [];
  for (const setting of SETTINGS) {
    for (const seed of seeds) budgets.push(await spendRow(setting, seed));
  }
  const kills: (string | number)[][] = [];
  for (const seed of seeds) {
    const report = await killUnderLoad(createSqliteStore, seed);
    const { afterMs, numAnswered, numLost, oldestLostMs, numInterrupted } = report;
    kills.push([seed, afterMs, numAnswered, numLost, oldestLostMs, numInterrupted]);
    console.error(JSON.stringify(report));
  }
  const oldest = Math.max(...kills.map((cells) => Number(cells[4])));
  const { alone, slowly, brokenly } = await measureMirroring(1000);
  console.log(`# The bill: budgets exact, at most the last ${oldest} ms lost to a kill, mirroring not felt

Clients, gateways and a provider that keeps its own account, each in a process of its own; half of the requests
are streamed, half of those that compete for a budget are translated between protocols, a tenth are left in the
middle. Every row of the ledger was compared with the provider's entry of the same request; a difference would
have ended the run.
${cpus()[0]?.model ?? "unknown"}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}, commit ${describeCommit()}.
Written by \`node bench/gateway/accounting.ts ${numSeeds}${options.postgres ? " --postgres" : ""}\`.

## ${NUM_CLIENTS} clients at once against $1.00
Afterwards one client spends the rest; then not even the shortest answer fits.

| setting | seed | requests | refused | estimated | spent at once | spent in the end |
|---|---|---|---|---|---|---|
${toRows(budgets)}

## \`kill -9\` under load, and a new gateway on the same store
Lost: answered by the provider before the kill, not in the ledger as answered. Interrupted: found open by the next
gateway, marked, and charged with the prompt. Nothing that the dead gateway held stayed held.

| seed | killed after ms | answered | lost | oldest lost, ms before the kill | interrupted |
|---|---|---|---|---|---|
${toRows(kills)}

## Mirroring: what a client waits, p50 of 1,000, alternating
With three milliseconds between two requests. On one core a client that comes back at once shares the processor with
the copy of its last request: 1.1 to 1.2x then.

| alone | mirrored to a target that takes 50 ms | mirrored to one that is not there |
|---|---|---|
| ${alone.toFixed(2)} ms | ${slowly.toFixed(2)} ms (${(slowly / alone).toFixed(2)}x) | ${brokenly.toFixed(2)} ms (${(brokenly / alone).toFixed(2)}x) |
`);
} finally {
  await server?.stop();
}

function toRows(rows: readonly (string | number)[][]): string {
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function usd(nano: number): string {
  return `$${(nano / 1e9).toFixed(6)}`;
}

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { encoding: "utf8" }).trim();
}

function describeCommit(): string {
  const isDirty = git("status", "--porcelain", "--", "packages/gateway", "packages/storage") !== "";
  return git("rev-parse", "--short=12", "HEAD") + (isDirty ? " with changes" : "");
}
