// What every row of the matrix runs in: a scripted upstream in its own process, a gateway with keys and a ledger
// over it, and a second gateway in a third process for chains.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openGatewayDatabase } from "../composition/gateway-database.ts";
import type { GatewayDatabase } from "../composition/gateway-database.ts";
import { startGateway } from "../composition/start-gateway.ts";
import type { Gateway } from "../composition/start-gateway.ts";
import type { GatewayConfigInput } from "../config/gateway-config.ts";
import { createKey } from "../keys/key-admin.ts";
import { listLedger } from "../ledger/usage.ts";
import type { LedgerRecord } from "../ledger/ledger-entry.ts";
import type { FrontName, PairingName } from "./matrix.ts";

/** A provider's key: the scripted upstream takes any. */
const UPSTREAM_KEY = { env: "HOMEGROWN_TEST_UPSTREAM_KEY" };

/** What the matrix needs of the scripted upstream, which only test files may import. */
export interface UpstreamProcess {
  readonly url: string;
  records(): Promise<readonly { path: string; outcome: string; inputTokens: number; outputTokens: number }[]>;
  bodies(): Promise<readonly { path: string; body: unknown }[]>;
  setFault(model: string, fault: string, times?: number): Promise<void>;
  /** Waits until no answer is open any more. */
  quiet(ms?: number): Promise<unknown>;
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export interface World {
  gateway: Gateway;
  /** The key's text. */
  key: string;
  upstream: UpstreamProcess;
  database: GatewayDatabase;
  alias(pairing: PairingName, front: FrontName): string;
  /** The rows of what was asked since then, oldest first, once there are so many and all are settled. */
  ledgerSince(from: Date, numRows: number): Promise<readonly LedgerRecord[]>;
  close(): Promise<void>;
}

/** Names by which clients decide what a model can: one that reasons, of each family. */
const FAMILIES: Record<FrontName, string> = {
  chat: "gpt-5",
  responses: "gpt-5",
  messages: "claude-sonnet-4-5",
};

export async function openWorld(startUpstream: () => Promise<UpstreamProcess>): Promise<World> {
  process.env[UPSTREAM_KEY.env] = "test-key";
  const upstream = await startUpstream();
  const second = await startGatewayProcess({
    config: { ...providersOf(upstream.url), routes: RELAYS, defaults: ONE_TRY },
  });
  const folder = await mkdtemp(join(tmpdir(), "homegrown-clients-"));
  const database = await openGatewayDatabase({
    kind: "sqlite",
    file: join(folder, "gateway.db"),
    synchronous: "normal",
  });
  const { text: key } = await createKey(database, { name: "matrix" }, { actor: "matrix", reason: "a test" });
  const gateway = await startGateway({
    database,
    config: { ...providersOf(upstream.url, second.url), routes: ROUTES, defaults: ONE_TRY },
    drainMs: 100,
  });
  return {
    gateway,
    key,
    upstream,
    database,
    alias: (pairing, front) => `${FAMILIES[front]}-via-${pairing}`,
    async ledgerSince(from, numRows) {
      let records: readonly LedgerRecord[] = [];
      for (let tries = 0; tries < 1000; tries++) {
        ({ records } = await listLedger(database, { from, limit: 1000 }));
        if (records.length >= numRows && records.every(({ outcome }) => outcome !== "open")) break;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return records.toReversed();
    },
    async close() {
      await gateway.close();
      await database.close();
      second.stop();
      await upstream.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const ONE_TRY: GatewayConfigInput["defaults"] = { retry: { maxAttempts: 1 } };

const TARGETS: Record<PairingName, string> = {
  chat: "chat/scripted",
  responses: "openai/gpt-5-scripted",
  anthropic: "anthropic/claude-sonnet-4-5-scripted",
  "chain-chat": "second/relay",
  "chain-messages": "second-messages/claude-sonnet-4-5-relay",
};

/** The upstream reads it from the name: a stream that takes its time, so that it can be left. */
export const SLOWLY = "-pace-2";

const ROUTES = Object.fromEntries(
  Object.entries(TARGETS).flatMap(([pairing, target]) =>
    Object.values(FAMILIES).flatMap((family) =>
      ["", SLOWLY].map((pace) => [`${family}-via-${pairing}${pace}`, `${target}${pace}`]),
    ),
  ),
);

/** The second gateway's routes. */
const RELAYS = Object.fromEntries(
  ["", SLOWLY].flatMap((pace) => [
    [`relay${pace}`, `anthropic/claude-sonnet-4-5-scripted${pace}`],
    [`claude-sonnet-4-5-relay${pace}`, `openai/gpt-5-scripted${pace}`],
  ]),
);

function providersOf(upstream: string, second?: string): Pick<GatewayConfigInput, "providers"> {
  const baseUrl = `${upstream}/v1`;
  return {
    providers: {
      chat: { kind: "openai-compatible", baseUrl, apiKey: UPSTREAM_KEY },
      openai: { kind: "openai", baseUrl, api: "responses", apiKey: UPSTREAM_KEY },
      anthropic: { kind: "anthropic-compatible", baseUrl, apiKey: UPSTREAM_KEY },
      ...(second !== undefined && {
        second: { kind: "openai-compatible", baseUrl: `${second}/v1`, responses: true },
        "second-messages": { kind: "anthropic-compatible", baseUrl: `${second}/v1` },
      }),
    },
  };
}

export interface GatewayProcess {
  url: string;
  stop(): void;
}

export interface GatewayProcessOptions {
  config: GatewayConfigInput;
  /** Its database's file; without one it has no keys and no ledger. */
  database?: string;
  /** The URL of a module that makes an own model for it. */
  models?: string;
}

export async function startGatewayProcess(options: GatewayProcessOptions): Promise<GatewayProcess> {
  const env = { ...process.env };
  delete env["NODE_TEST_CONTEXT"];
  const file = join(import.meta.dirname, "gateway-process.fixture.ts");
  const child = fork(file, [JSON.stringify(options)], { env });
  const { url } = await firstMessage<{ url: string }>(child);
  return { url, stop: () => child.kill() };
}

function firstMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as T));
    child.once("exit", (code) => reject(new Error(`the gateway's process ended with ${code}`)));
  });
}
