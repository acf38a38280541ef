// A million requests with random faults through one gateway: none may be lost, three accounts (clients, ledger,
// provider) must agree, and the gateway's memory must stay flat once it is warm.
// Usage: node bench/gateway/million.ts [requests=1000000] [seed=1] > bench/results/gateway-million.md
// Everything runs on loopback and ends by itself; a million takes about half an hour on two cores.
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { readCommandStart } from "@homegrown/testing";
import {
  compareAccounts,
  faultyConfigOf,
  loadWithFaults,
} from "../../packages/gateway/src/accounting/random-faults.fixture.ts";
import type {
  ClientCounts,
  FaultyReport,
} from "../../packages/gateway/src/accounting/random-faults.fixture.ts";
import { Scene, createSqliteStore } from "../../packages/gateway/src/accounting/scene.fixture.ts";
import { cpuMicroseconds, residentMegabytes } from "./process-usage.ts";

const CONCURRENCY = 64;
const NUM_SAMPLES = 50;
const MAX_MEGABYTES = 200;
const MAX_GROWTH = 0.05;
const numRequests = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
const start = readCommandStart();

interface Sample {
  numEnded: number;
  megabytes: number;
}

const scene = await Scene.open(await createSqliteStore(), "sums");
try {
  const key = await scene.createKey("client");
  await scene.setKeyBudget(key, 1_000_000);
  // The first start after a change strips types, and never gives back what that took.
  await scene.startGateway(faultyConfigOf(scene), start);
  await scene.endGateways();
  const gateway = await scene.startGateway(faultyConfigOf(scene), start);
  const samples: Sample[] = [{ numEnded: 0, megabytes: residentMegabytes(gateway.pid) }];
  const every = Math.max(1, Math.floor(numRequests / NUM_SAMPLES));
  const startedAt = performance.now();
  const counts = await loadWithFaults(scene, {
    gateway: gateway.said,
    key,
    numRequests,
    concurrency: CONCURRENCY,
    seed,
    onEnd(numEnded) {
      if (numEnded % every !== 0) return;
      samples.push({ numEnded, megabytes: residentMegabytes(gateway.pid) });
      const { megabytes } = samples.at(-1)!;
      console.error(`${numEnded} requests, ${megabytes.toFixed(0)} MB`);
    },
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = cpuMicroseconds(gateway.pid) / numRequests;
  await scene.endGateways();
  if (gateway.complaints !== "")
    throw new Error(`the gateway complained: ${gateway.complaints.slice(0, 1000)}`);
  const report = await compareAccounts(scene, key, counts);
  console.log(toPage(report, counts, samples, { seconds, cpu }));
} finally {
  await scene.close();
}

function toPage(
  report: FaultyReport,
  counts: ClientCounts,
  samples: readonly Sample[],
  { seconds, cpu }: { seconds: number; cpu: number },
): string {
  // Warm after a tenth; flat is the end against then, by the median of ten samples each.
  const warm = samples.slice(Math.ceil(NUM_SAMPLES / 10));
  const early = median(warm.slice(0, 10));
  const late = median(warm.slice(-10));
  const most = Math.max(...samples.map(({ megabytes }) => megabytes));
  const growth = late / early - 1;
  const kept = most <= MAX_MEGABYTES && growth <= MAX_GROWTH;
  const numAsked = Object.values(counts).reduce((sum, { asked }) => sum + asked, 0);
  const kinds = Object.entries(report.kinds).map(([kind, { clients, rows, upstream }]) => {
    const { completed, failed, refused } = rows.outcomes;
    const cells = [kind, clients.asked, clients.whole, clients.left, clients.failed, rows.numRequests];
    return [
      ...cells,
      completed,
      failed + refused,
      rows.outcomes["client-left"],
      rows.numEstimated,
      upstream.requests,
    ];
  });
  return `# ${numAsked.toLocaleString("en")} requests with random faults: ${kept ? "none lost, memory flat" : "none lost, memory over its bound"}

Clients that ask, leave and read slowly; a provider that fails before, during and after; a gateway with a key, a budget
and its ledger in SQLite between them, each in a process of its own. A quarter of the requests are translated between
protocols. The gateway runs with the flags of the command line (\`${start.flags.join(" ")}\`). ${CONCURRENCY} at once, ${Math.round(numAsked / seconds)} a second, ${cpu.toFixed(0)} µs of CPU each.
${cpus()[0]?.model ?? "unknown"}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}, commit ${describeCommit()}.
Written by \`node bench/gateway/million.ts ${numRequests} ${seed}\`.

The run fails where the accounts of clients, ledger and provider differ: every request has one row (of those whose
client may have left before it was read, every one that reached the provider), tokens and cost of answered requests
are the provider's own, and the budget is the ledger's sum ($${(report.costNano / 1e9).toFixed(2)}).

| kind | asked | whole | left | failed | rows | completed | failed or refused | client left | estimated | calls at the provider |
|---|---|---|---|---|---|---|---|---|---|---|
${kinds.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}

Resident memory of the gateway: at most ${most.toFixed(0)} MB (bound ${MAX_MEGABYTES}), ${(growth * 100).toFixed(1)} % from warm to the end
(bound ${MAX_GROWTH * 100} %).

| requests | MB |
|---|---|
${samples.map(({ numEnded, megabytes }) => `| ${numEnded} | ${megabytes.toFixed(0)} |`).join("\n")}
`;
}

function median(samples: readonly Sample[]): number {
  const sorted = samples.map(({ megabytes }) => megabytes).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { encoding: "utf8" }).trim();
}

function describeCommit(): string {
  const isDirty = git("status", "--porcelain", "--", "packages/gateway", "packages/storage") !== "";
  return git("rev-parse", "--short=12", "HEAD") + (isDirty ? " with changes" : "");
}
