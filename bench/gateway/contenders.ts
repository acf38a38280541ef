// The gateways of this bench: how each is started on one core before the same upstream, and how it is asked.
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, openSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readCommandStart } from "@homegrown/testing";
import { PEERS } from "./install-peers.ts";
import { cpuMicroseconds, processTree, residentMegabytes } from "./process-usage.ts";

export type UpstreamKind = "d0" | "d20" | "s0" | "s5" | "s100";
export type WireFormat = "openai" | "anthropic";

export interface Contender {
  name: string;
  /** What its clients speak. */
  asks: WireFormat;
  url(upstream: UpstreamKind): string;
  model(upstream: UpstreamKind): string;
  headers: Readonly<Record<string, string>>;
  cpu(): number;
  rss(): number;
  /** From the start of its process to its first answer. */
  startMs: number;
  stop(): Promise<void>;
}

interface Command {
  file: string;
  args: string[];
  env?: Record<string, string>;
}

interface Definition {
  asks?: WireFormat;
  command?(scratch: string, upstream: string, port: number): Command;
  /** Some choose their port and print their address. */
  address?: RegExp;
  url(base: string, upstream: UpstreamKind): string;
  model?(upstream: UpstreamKind): string;
  headers?(upstream: string): Record<string, string>;
  port?: number;
}

const KINDS: readonly UpstreamKind[] = ["d0", "d20", "s0", "s5", "s100"];
const LITELLM_KEY = `sk-${randomBytes(24).toString("hex")}`;
const { flags: OWN_FLAGS, env } = readCommandStart();
const OWN_ENV = { ...env, NODE_COMPILE_CACHE: resolve(PEERS, "../compiled") };
/** Written by our own process when its key exists. */
const ownKeyFile = (scratch: string): string => join(scratch, "key");

function startOwn(scratch: string, upstream: string, port: number): Command {
  const script = resolve(import.meta.dirname, "homegrown.ts");
  return {
    file: process.execPath,
    args: [...OWN_FLAGS, script, String(port), upstream, scratch],
    env: OWN_ENV,
  };
}

const DEFINITIONS: Readonly<Record<string, Definition>> = {
  direct: { url: (_, kind) => `/${kind}/v1/chat/completions` },
  floor: {
    port: 9340,
    command: (_, upstream) => ({
      file: process.execPath,
      args: [resolve(import.meta.dirname, "floor.ts"), "9340", upstream],
    }),
    url: (base) => `${base}/v1/chat/completions`,
    model: (kind) => `bench-${kind}`,
  },
  homegrown: {
    port: 9310,
    command: startOwn,
    url: (base) => `${base}/v1/chat/completions`,
    model: (kind) => `bench-${kind}`,
  },
  "homegrown-translated": {
    port: 9311,
    command: startOwn,
    url: (base) => `${base}/v1/chat/completions`,
    model: (kind) => `claude-${kind}`,
  },
  "homegrown-from-anthropic": {
    asks: "anthropic",
    port: 9312,
    command: startOwn,
    url: (base) => `${base}/v1/messages`,
    model: (kind) => `bench-${kind}`,
  },
  /** The command line as people start it, for cold starts. */
  "homegrown-serve": {
    port: 9313,
    command: (scratch, upstream) => {
      const cli = resolve(import.meta.dirname, "../../apps/cli/bin/homegrown.js");
      const config = join(scratch, "homegrown.config.json");
      const home = join(scratch, "home");
      const provider = { kind: "openai-compatible", baseUrl: `${upstream}/d0/v1` };
      const routes = { "bench-d0": "up/bench-model" };
      writeFileSync(config, JSON.stringify({ providers: { up: provider }, routes, port: 9313 }));
      const options = ["--home", home, "--config", config];
      const key = execFileSync(process.execPath, [cli, "keys", "create", "--name", "bench", ...options], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        env: { ...process.env, ...OWN_ENV },
      });
      writeFileSync(ownKeyFile(scratch), key.split("\n")[0]!);
      return { file: process.execPath, args: [...OWN_FLAGS, cli, "serve", ...options], env: OWN_ENV };
    },
    url: (base) => `${base}/v1/chat/completions`,
    model: (kind) => `bench-${kind}`,
  },
  portkey: {
    port: 9320,
    command: () => ({
      file: process.execPath,
      args: [
        join(PEERS, "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"),
        "--headless",
        "--port=9320",
      ],
      env: { NODE_ENV: "production" },
    }),
    url: (base) => `${base}/v1/chat/completions`,
    // Which upstream is asked stands in a header; see `headersFor`.
    headers: (upstream) => ({
      "x-portkey-provider": "openai",
      "x-portkey-custom-host": `${upstream}/d0/v1`,
      authorization: "Bearer sk-x",
    }),
  },
  litellm: {
    port: 9330,
    command: (scratch, upstream) => {
      const models = KINDS.map(
        (kind) =>
          `  - model_name: bench-${kind}\n    litellm_params: {model: openai/bench-model, api_base: "${upstream}/${kind}/v1", api_key: sk-x}\n`,
      );
      const file = join(scratch, "litellm.yaml");
      writeFileSync(file, `model_list:\n${models.join("")}litellm_settings: {telemetry: false}\n`);
      return {
        file: join(PEERS, "litellm/bin/litellm"),
        args: ["--config", file, "--port", "9330", "--host", "127.0.0.1"],
        env: {
          LITELLM_MASTER_KEY: LITELLM_KEY,
          LITELLM_LOCAL_MODEL_COST_MAP: "True",
          LITELLM_LOG: "ERROR",
          LITELLM_MODE: "PRODUCTION",
        },
      };
    },
    url: (base) => `${base}/v1/chat/completions`,
    model: (kind) => `bench-${kind}`,
    headers: () => ({ authorization: `Bearer ${LITELLM_KEY}` }),
  },
  tensorzero: {
    command: (scratch, upstream) => {
      const models = KINDS.map(
        (kind) =>
          `[models.bench-${kind}]\nrouting = ["u"]\n[models.bench-${kind}.providers.u]\ntype = "openai"\napi_base = "${upstream}/${kind}/v1/"\nmodel_name = "bench-model"\napi_key_location = "none"\n`,
      );
      const file = join(scratch, "tensorzero.toml");
      writeFileSync(file, `[gateway]\nobservability.enabled = false\n${models.join("")}`);
      const program =
        "import sys,threading\nfrom tensorzero import _start_http_gateway\n" +
        "g=_start_http_gateway(config_file=sys.argv[1],clickhouse_url=None,postgres_url=None,valkey_url=None,async_setup=False)\n" +
        "print('ready',g.base_url,flush=True)\nthreading.Event().wait()\n";
      return { file: join(PEERS, "tensorzero/bin/python"), args: ["-c", program, file] };
    },
    address: /ready (http\S+)/,
    url: (base) => `${base}/chat/completions`,
    model: (kind) => `tensorzero::model_name::bench-${kind}`,
  },
};

export const CONTENDERS: readonly string[] = Object.keys(DEFINITIONS);

export interface Place {
  /** Where its files are. */
  scratch?: string;
  port?: number;
  env?: Readonly<Record<string, string>>;
}

/** Starts one on core 0 and waits for its first good answer. */
export async function startContender(
  name: string,
  upstream: string,
  bodyOf: (asks: WireFormat, model: string, stream: boolean) => string,
  place: Place = {},
): Promise<Contender> {
  const definition = DEFINITIONS[name];
  if (!definition) throw new Error(`no contender is called ${name}; there are ${CONTENDERS.join(", ")}`);
  const scratch = place.scratch ?? mkdtempSync(join(tmpdir(), `bench-${name}-`));
  const port = place.port ?? definition.port ?? 0;
  const asks = definition.asks ?? "openai";
  let startedAt = performance.now();
  let child: ChildProcess | undefined;
  let base = port > 0 ? `http://127.0.0.1:${port}` : upstream;
  if (definition.command) {
    const { file, args, env } = definition.command(scratch, upstream, port);
    const log = openSync(join(scratch, `log-${port}`), "w");
    startedAt = performance.now();
    child = spawn("taskset", ["-c", "0", file, ...args], {
      env: { ...process.env, ...env, ...place.env },
      stdio: ["ignore", definition.address ? "pipe" : log, log],
    });
    if (definition.address) base = await readAddress(child, definition.address);
    // What it prints goes on being read, or it would block.
    child.stdout?.resume();
  }
  const headers: Record<string, string> = { ...definition.headers?.(upstream) };
  const contender: Contender = {
    name,
    asks,
    headers,
    url: (kind) => (name === "direct" ? upstream + definition.url(base, kind) : definition.url(base, kind)),
    model: (kind) => definition.model?.(kind) ?? "bench-model",
    cpu: () => (child?.pid ? cpuMicroseconds(child.pid) : 0),
    rss: () => (child?.pid ? residentMegabytes(child.pid) : 0),
    startMs: 0,
    stop: () => stop(child),
  };
  await waitForAnswer(contender, bodyOf(asks, contender.model("d0"), false), scratch, name);
  contender.startMs = performance.now() - startedAt;
  return contender;
}

/** Portkey is told with each request where to go. */
export function headersFor(
  contender: Contender,
  upstream: string,
  kind: UpstreamKind,
): Record<string, string> {
  return contender.name === "portkey"
    ? { ...contender.headers, "x-portkey-custom-host": `${upstream}/${kind}/v1` }
    : { ...contender.headers };
}

async function readAddress(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = "";
  for await (const data of child.stdout!) {
    text += String(data);
    const found = pattern.exec(text)?.[1];
    if (found) return found;
  }
  throw new Error(`the process ended before it said where it listens: ${text.slice(0, 500)}`);
}

async function waitForAnswer(
  contender: Contender,
  body: string,
  scratch: string,
  name: string,
): Promise<void> {
  let last = "nothing answered";
  for (let i = 0; i < 6000; i++) {
    try {
      if (name.startsWith("homegrown")) await readOwnKey(contender, scratch);
      const answer = await fetch(contender.url("d0"), {
        method: "POST",
        headers: { "content-type": "application/json", ...contender.headers },
        body,
      });
      last = `${answer.status} ${(await answer.text()).slice(0, 300)}`;
      if (answer.status === 200) return;
    } catch (error) {
      last = String(error);
    }
    await sleep(5);
  }
  throw new Error(`${name} gave no good answer: ${last}`);
}

async function readOwnKey(contender: Contender, scratch: string): Promise<void> {
  if (contender.headers["authorization"]) return;
  const { readFile } = await import("node:fs/promises");
  const key = await readFile(ownKeyFile(scratch), "utf8");
  (contender.headers as Record<string, string>)["authorization"] = `Bearer ${key}`;
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (!child?.pid) return;
  for (const pid of processTree(child.pid).reverse()) {
    try {
      process.kill(pid, "SIGTERM");
    } catch {
      // It has ended.
    }
  }
  for (let i = 0; i < 100 && child.exitCode === null && child.signalCode === null; i++) await sleep(50);
  child.kill("SIGKILL");
}
