// A gateway with keys and a ledger before the scripted upstream, as the tests of this folder need it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sendRequest, startScriptedUpstream } from "@homegrown/testing";
import type { RawAnswer, ScriptedUpstream } from "@homegrown/testing";
import { createKey, listLedger, openGatewayDatabase, startGateway } from "../index.ts";
import type { Gateway, GatewayConfigInput, GatewayDatabase, GatewayOptions } from "../index.ts";
import type { LedgerRecord, RequestRecord } from "../index.ts";

export interface FaultRig {
  upstream: ScriptedUpstream;
  gateway: Gateway;
  database: GatewayDatabase;
  keyId: string;
  key: string;
  records: RequestRecord[];
  /** What was told beside requests. */
  faults: unknown[];
  post(path: string, body: object | string | Buffer, headers?: Record<string, string>): Promise<RawAnswer>;
  /** The row of a request, once it is settled and written. */
  ledgerRow(requestId: string): Promise<LedgerRecord>;
  close(): Promise<void>;
}

/** Short, so that a test may wait for each of them, and long enough for a busy machine. */
export const SHORT_TIMEOUTS = { connectMs: 500, firstTokenMs: 700, stallMs: 500, totalMs: 4_000 };
const PRICE = { inputUsdPerMillion: 1, outputUsdPerMillion: 2, asOf: "2026-11-01" };

/** Targets are `chat/MODEL` (OpenAI's protocols) and `anthropic/MODEL`; clients may name any. */
export function rigConfig(url: string, models: readonly string[] = []): GatewayConfigInput {
  const priced = Object.fromEntries(["scripted", ...models].map((model) => [model, { price: PRICE }]));
  const shared = { baseUrl: `${url}/v1`, apiKey: { env: "HOMEGROWN_SCRIPTED_KEY" }, models: priced };
  return {
    providers: {
      chat: { kind: "openai-compatible", responses: true, audio: true, ...shared },
      anthropic: { kind: "anthropic-compatible", ...shared },
    },
    exposeTargets: true,
    defaults: { timeouts: SHORT_TIMEOUTS, retry: { maxAttempts: 1 } },
  };
}

export interface RigOptions {
  config?: (config: GatewayConfigInput, url: string) => GatewayConfigInput;
  models?: readonly string[];
  gateway?: Partial<GatewayOptions>;
  /** The database as the gateway sees it. */
  wrap?: (database: GatewayDatabase) => GatewayDatabase;
}

export async function openRig(options: RigOptions = {}): Promise<FaultRig> {
  process.env["HOMEGROWN_SCRIPTED_KEY"] = "scripted";
  const folder = await mkdtemp(join(tmpdir(), "homegrown-faults-"));
  const upstream = await startScriptedUpstream();
  const database = await openGatewayDatabase({
    kind: "sqlite",
    file: join(folder, "gateway.db"),
    synchronous: "normal",
  });
  const { key, text } = await createKey(database, { name: "tests" }, { actor: "test", reason: "test" });
  const records: RequestRecord[] = [];
  const faults: unknown[] = [];
  const config = rigConfig(upstream.url, options.models);
  const gateway = await startGateway({
    database: options.wrap?.(database) ?? database,
    config: options.config?.(config, upstream.url) ?? config,
    onRequest: (record) => records.push(record),
    onFault: (error) => faults.push(error),
    drainMs: 2_000,
    ...options.gateway,
  });
  return {
    upstream,
    gateway,
    database,
    keyId: key.id,
    key: text,
    records,
    faults,
    post: (path, body, headers = {}) =>
      sendRequest(`${gateway.url}${path}`, {
        body,
        headers: { authorization: `Bearer ${text}`, ...headers },
      }),
    ledgerRow: (requestId) => findRow(database, requestId),
    async close() {
      await gateway.close();
      await database.close();
      await upstream.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function findRow(database: GatewayDatabase, requestId: string): Promise<LedgerRecord> {
  const deadline = performance.now() + 3_000;
  for (;;) {
    const page = await listLedger(database, { requestId });
    const row = page.records.find((record) => record.requestId === requestId && record.outcome !== "open");
    if (row) return row;
    if (performance.now() > deadline) throw new Error(`no settled row of ${requestId} in the ledger`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
