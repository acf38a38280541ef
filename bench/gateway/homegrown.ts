// Our side of the bench, with everything on that a shared gateway has on: keys, a budget, limits, the ledger in
// SQLite, metrics, 1 % traces to a collector, every body parsed and checked.
//   node bench/gateway/homegrown.ts PORT UPSTREAM FOLDER
// Several may have one folder, or one Postgres (BENCH_POSTGRES) and one folder: the first makes the key.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { boundHeap, createKey, openGatewayDatabase, setBudget, startGateway } from "@homegrown/gateway";
import type { GatewayDatabase } from "@homegrown/gateway";

const [port, upstream, folder] = process.argv.slice(2) as [string, string, string];
const price = { inputUsdPerMillion: 0.15, outputUsdPerMillion: 0.6, asOf: "2026-11-01" };
const models = { "bench-model": { price, maxOutputTokens: 16_384 } };
const kinds = ["d0", "d20", "s0", "s5", "s100"];
const openAi = kinds.map((kind) => [
  `openai-${kind}`,
  { kind: "openai-compatible" as const, baseUrl: `${upstream}/${kind}/v1`, models },
]);
const anthropic = kinds.map((kind) => [
  `anthropic-${kind}`,
  { kind: "anthropic-compatible" as const, baseUrl: `${upstream}/${kind}/v1`, models },
]);
const postgres = process.env["BENCH_POSTGRES"];
boundHeap();
const database = await openGatewayDatabase(
  postgres
    ? { kind: "postgres", url: postgres }
    : { kind: "sqlite", file: join(folder, "gateway.db"), synchronous: "normal" },
);
const keyFile = join(folder, "key");
const text = existsSync(keyFile) ? undefined : await createBenchKey(database);
await startGateway({
  database,
  port: Number(port),
  config: {
    providers: Object.fromEntries([...openAi, ...anthropic]),
    routes: Object.fromEntries(
      kinds.flatMap((kind) => [
        [`bench-${kind}`, `openai-${kind}/bench-model`],
        [`claude-${kind}`, `anthropic-${kind}/bench-model`],
      ]),
    ),
    telemetry: { otlpEndpoint: `${upstream}/otlp`, traceSampleRatio: 0.01 },
  },
});
// Who waits for the key waits for the gateway.
if (text !== undefined) writeFileSync(keyFile, text);
process.on("SIGTERM", () => process.exit(0));

async function createBenchKey(of: GatewayDatabase): Promise<string> {
  const change = { actor: "bench", reason: "bench" };
  const limits = { requestsPerMinute: 10_000_000, tokensPerMinute: 1e9, concurrentStreams: 10_000 };
  const { key, text } = await createKey(of, { name: "bench", limits }, change);
  await setBudget(of, { scope: "key", scopeId: key.id, period: "month", limitNanoUsd: 1e15 }, change);
  return text;
}
