// 100,000 generated requests to each front, over kept connections, against the scripted upstream (a process of
// its own) and a small own model. Bounded: so many at once, each answered within ten seconds or counted.
//   node bench/gateway/generated-requests.ts [--count 100000] [--seed 1] [--concurrency 16] [--fronts chat,messages]
// Prints a table and writes bench/results/generated-requests.md when nothing was left out. Ends with 1 where an
// answer was wrong or anything was still held.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createKey, openGatewayDatabase, readTotals, startGateway } from "@homegrown/gateway";
import {
  createMarkovModel,
  GENERATED_FRONTS,
  MarkovDirectory,
  sendGenerated,
  startScriptedUpstream,
} from "@homegrown/testing";

const { values: options } = parseArgs({
  options: {
    count: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    concurrency: { type: "string", default: "16" },
    fronts: { type: "string", default: GENERATED_FRONTS.join(",") },
  },
});
const FULL_COUNT = 100_000;
const MODELS = [
  "garden",
  "chat/scripted",
  "chat/scripted-lenient",
  "chat/scripted-lenient",
  "anthropic/scripted",
  "anthropic/scripted-lenient",
  "anthropic/scripted-lenient",
  "chat/fault-reset-before-head",
  "anthropic/fault-200-error",
  "nobody",
];
const count = Number(options.count);
const fronts = options.fronts.split(",");

process.env["HOMEGROWN_SCRIPTED_KEY"] = "scripted";
const folder = mkdtempSync(join(tmpdir(), "bench-generated-"));
const upstream = await startScriptedUpstream();
const database = await openGatewayDatabase({
  kind: "sqlite",
  file: join(folder, "gateway.db"),
  synchronous: "normal",
});
const { text: key } = await createKey(database, { name: "bench" }, { actor: "bench", reason: "bench" });
const model = createMarkovModel({ modelId: "garden", contextLength: 120 });
const directory = new MarkovDirectory({ garden: { version: "garden@1", model } });
const provider = { baseUrl: `${upstream.url}/v1`, apiKey: { env: "HOMEGROWN_SCRIPTED_KEY" } };
const faults: unknown[] = [];
const gateway = await startGateway({
  database,
  directory,
  limits: { maxChoices: 4 },
  onFault: (error) => faults.push(error),
  config: {
    providers: {
      chat: { kind: "openai-compatible", responses: true, audio: true, ...provider },
      anthropic: { kind: "anthropic-compatible", ...provider },
    },
    exposeTargets: true,
    defaults: { retry: { maxAttempts: 1 } },
  },
});

const rows: string[] = [];
let numWrong = 0;
for (const front of fronts) {
  const startedAt = performance.now();
  const report = await sendGenerated({
    url: gateway.url,
    key,
    front,
    seed: Number(options.seed),
    models: MODELS,
    count,
    concurrency: Number(options.concurrency),
    withinMs: 10_000,
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const { running } = await upstream.quiet(15_000);
  const held = directory.held + running + model.running;
  numWrong += report.numViolations + held;
  const statuses = Object.entries(report.statuses)
    .map(([status, number]) => `${status}: ${number}`)
    .join(", ");
  const megabytes = Math.round(process.memoryUsage.rss() / 2 ** 20);
  rows.push(
    `| ${front} | ${count} | ${statuses} | ${report.numViolations} | ${held} | ${report.slowestMs.toFixed(0)} | ${seconds.toFixed(0)} | ${megabytes} |`,
  );
  console.log(rows.at(-1));
  for (const violation of report.violations) console.error(violation);
}
const { numRequests } = await readTotals(database);
await gateway.close();
const { openConnections } = await upstream.counts();
numWrong += openConnections + faults.length;
await database.close();
await upstream.stop();
rmSync(folder, { recursive: true, force: true });

const page = `# Generated requests
Requests that are nearly right (a good body with up to three things in it broken, one in twelve damaged below JSON), from a seed, to every front; targets are the scripted upstream in two protocols, healthy and failing, and an own model. Wrong is a 500, an error without a name, an answer that is not well-formed, one that took longer than ten seconds, or none. Held is what was not given back a moment later: leases, open answers of the upstream, running generations. Load and gateway share one process.

${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores, Node ${process.versions.node}. \`node bench/gateway/generated-requests.ts --count ${count} --seed ${options.seed} --concurrency ${options.concurrency}\`

| front | requests | answers by status | wrong | held | slowest, ms | seconds | RSS after, MB |
|---|---|---|---|---|---|---|---|
${rows.join("\n")}

Rows in the ledger: ${numRequests}. Connections to the upstream after the close: ${openConnections}. Faults told beside requests: ${faults.length}.
`;
if (fronts.length === GENERATED_FRONTS.length && count >= FULL_COUNT) {
  writeFileSync(resolve(import.meta.dirname, "../results/generated-requests.md"), page);
} else {
  console.log(page);
}
for (const fault of faults.slice(0, 10)) console.error(fault);
process.exitCode = numWrong === 0 ? 0 : 1;
