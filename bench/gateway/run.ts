// Gateways side by side, one command for each page of figures:
//   node bench/gateway/install-peers.ts            (once: builds and installs what is compared with)
//   node bench/gateway/run.ts max|rate|stream|open|cold|memory|shared [--only direct,homegrown,…] [--rounds 5] [--seconds 5]
// The gateway has core 0; upstream and load have core 1. Contenders stay up and take turns, so that whatever else
// the machine does meets all of them; medians over the rounds. Run it on a quiet machine, nothing else beside it.
// Figures are appended to .bench/gateway.jsonl, from which `report.ts` writes bench/results/gateway.md.
import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { CONTENDERS, headersFor, startContender } from "./contenders.ts";
import type { Contender, UpstreamKind } from "./contenders.ts";
import { loadRequests, loadStreams, writeBody } from "./load.ts";
import { requestBody } from "./request-body.ts";
import { loadPair, startPairs } from "./shared-state.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    rates: { type: "string", default: "1000" },
    upstream: { type: "string", default: "d0" },
    streams: { type: "string", default: "20" },
    requests: { type: "string", default: "1000000" },
  },
});
const mode = positionals[0] ?? "max";
const UPSTREAM = "http://127.0.0.1:9100";
const scratch = mkdtempSync(join(tmpdir(), "bench-gateway-"));
const results = resolve(import.meta.dirname, "../../.bench/gateway.jsonl");
const numRounds = Number(options.rounds);
/** A hundred requests a second is all that it can do: more would only measure a queue. */
const SLOW: Readonly<Record<string, number>> = { litellm: 50 };

function bodyFile(contender: Contender, kind: UpstreamKind): string {
  const body = requestBody(contender.asks, contender.model(kind), false);
  return writeBody(scratch, `${contender.name}-${kind}`, body);
}

async function measureRequests(contender: Contender, kind: UpstreamKind, rate?: number): Promise<Figures> {
  const before = contender.cpu();
  const load = await loadRequests({
    url: contender.url(kind),
    headers: headersFor(contender, UPSTREAM, kind),
    bodyFile: bodyFile(contender, kind),
    connections: rate === undefined ? 32 : 64,
    seconds: Number(options.seconds),
    ...(rate !== undefined && { rate }),
  });
  return {
    requestsPerSecond: load.requestsPerSecond,
    p50: load.latencyMs[0],
    p95: load.latencyMs[1],
    p99: load.latencyMs[2],
    cpuMicroseconds: (contender.cpu() - before) / Math.max(1, load.numRequests),
    errors: load.numErrors,
    rss: contender.rss(),
  };
}

async function measureStreams(contender: Contender, kind: UpstreamKind, total?: number): Promise<Figures> {
  const before = contender.cpu();
  const streams = Number(options.streams);
  const load = await loadStreams({
    url: contender.url(kind),
    headers: headersFor(contender, UPSTREAM, kind),
    body: requestBody(contender.asks, contender.model(kind), true),
    streams,
    total: total ?? (contender.name in SLOW ? streams : streams * 4),
  });
  if (load.numErrors > 0) console.error(contender.name, load.firstError);
  return {
    chunksPerSecond: load.chunksPerSecond,
    first50: load.firstChunkMs[0],
    first99: load.firstChunkMs[2],
    chunk50: load.chunkMs[0],
    chunk95: load.chunkMs[1],
    chunk99: load.chunkMs[2],
    cpuMicroseconds: (contender.cpu() - before) / (load.numStreams * 100),
    errors: load.numErrors,
    rss: contender.rss(),
  };
}

type Figures = Record<string, number>;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function report(name: string, setting: string, rounds: readonly Figures[]): void {
  const figures = Object.fromEntries(
    Object.keys(rounds[0]!).map((key) => {
      const values = rounds.map((round) => round[key]!);
      const value = key === "errors" ? values.reduce((sum, one) => sum + one, 0) : median(values);
      return [key, { median: value, min: Math.min(...values), max: Math.max(...values) }];
    }),
  );
  const row = { at: new Date().toISOString(), mode, setting, name, rounds: rounds.length, figures };
  mkdirSync(resolve(results, ".."), { recursive: true });
  appendFileSync(results, `${JSON.stringify(row)}\n`);
  const shown = Object.entries(figures).map(([key, { median: value }]) => `${key} ${value.toPrecision(4)}`);
  console.log(`${mode} ${setting} ${name}: ${shown.join(", ")}`);
}

async function takeTurns(
  names: readonly string[],
  setting: string,
  measure: (contender: Contender) => Promise<Figures>,
  warmUp: (contender: Contender) => Promise<unknown>,
): Promise<void> {
  const contenders: Contender[] = [];
  try {
    for (const name of names) contenders.push(await startContender(name, UPSTREAM, requestBody));
    for (const contender of contenders) await warmUp(contender);
    const rounds = new Map<string, Figures[]>(names.map((name) => [name, []]));
    for (let round = 0; round < numRounds; round++) {
      for (const contender of contenders) rounds.get(contender.name)!.push(await measure(contender));
    }
    for (const name of names) report(name, setting, rounds.get(name)!);
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

async function warmUp(contender: Contender): Promise<void> {
  await loadRequests({
    url: contender.url("d0"),
    headers: headersFor(contender, UPSTREAM, "d0"),
    bodyFile: bodyFile(contender, "d0"),
    connections: 16,
    requests: contender.name in SLOW ? 300 : 20_000,
  });
}

async function warmUpStreams(contender: Contender): Promise<void> {
  // As warm as what answers single requests: code that has run a few hundred times is not compiled yet.
  await measureStreams(contender, "s0", contender.name in SLOW ? undefined : 1500);
  await measureStreams(contender, "s5");
}

async function coldStarts(names: readonly string[]): Promise<void> {
  const rounds = new Map<string, Figures[]>(names.map((name) => [name, []]));
  for (let round = 0; round < numRounds; round++) {
    for (const name of names) {
      const contender = await startContender(name, UPSTREAM, requestBody);
      rounds.get(name)!.push({ startMs: contender.startMs, rss: contender.rss() });
      await contender.stop();
    }
  }
  for (const name of names) report(name, "first answer", rounds.get(name)!);
}

/** Many streams open at once, none of them busy: what is held for each, and that none fails. */
async function openStreams(name: string): Promise<void> {
  const contender = await startContender(name, UPSTREAM, requestBody);
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, contender.rss())), 250);
  try {
    const load = await loadStreams({
      url: contender.url("s100"),
      headers: headersFor(contender, UPSTREAM, "s100"),
      body: requestBody(contender.asks, contender.model("s100"), true),
      streams: 1000,
      total: 1000,
    });
    if (load.numErrors > 0) console.error(name, load.firstError);
    const [chunk50, chunk95, chunk99] = load.chunkMs;
    report(name, "1000 streams at once", [
      { peakRss: peak, errors: load.numErrors, chunk50, chunk95, chunk99 },
    ]);
  } finally {
    clearInterval(timer);
    await contender.stop();
  }
}

/** Resident memory over many requests: it must be flat once warm. */
async function memory(name: string): Promise<void> {
  const contender = await startContender(name, UPSTREAM, requestBody);
  const total = Number(options.requests);
  try {
    for (let done = 0; done < total; done += total / 20) {
      const load = await loadRequests({
        url: contender.url("d0"),
        headers: headersFor(contender, UPSTREAM, "d0"),
        bodyFile: bodyFile(contender, "d0"),
        connections: 32,
        requests: total / 20,
      });
      report(name, `${done + total / 20} requests`, [{ rss: contender.rss(), errors: load.numErrors }]);
    }
  } finally {
    await contender.stop();
  }
}

/** What it costs a gateway that others share its state, by where the state is. */
async function sharedState(): Promise<void> {
  const { pairs, stop } = await startPairs(UPSTREAM);
  try {
    const fileOf = (gateway: Contender): string => bodyFile(gateway, "d0");
    for (const pair of pairs) await loadPair(pair, fileOf, { requests: 10_000 });
    const rounds = new Map<string, Figures[]>(pairs.map(({ name }) => [name, []]));
    for (let round = 0; round < numRounds; round++) {
      for (const pair of pairs) {
        rounds.get(pair.name)!.push(await loadPair(pair, fileOf, { seconds: Number(options.seconds) }));
      }
    }
    for (const { name } of pairs) report(name, "d0", rounds.get(name)!);
  } finally {
    await stop();
  }
}

const upstream = spawn(
  "taskset",
  ["-c", "1", process.execPath, resolve(import.meta.dirname, "upstream.ts"), "9100"],
  { stdio: ["ignore", "pipe", "inherit"] },
);
await new Promise((ready) => upstream.stdout.once("data", ready));
try {
  const names = options.only?.split(",") ?? CONTENDERS;
  const kind = options.upstream as UpstreamKind;
  if (mode === "max") {
    await takeTurns(names, kind, (contender) => measureRequests(contender, kind), warmUp);
  } else if (mode === "rate") {
    for (const rate of options.rates.split(",").map(Number)) {
      const able = names.filter((name) => rate <= (SLOW[name] ?? Number.POSITIVE_INFINITY));
      await takeTurns(
        able,
        `${kind} ${rate}/s`,
        (contender) => measureRequests(contender, kind, rate),
        warmUp,
      );
    }
  } else if (mode === "stream") {
    await takeTurns(names, `${options.streams} streams`, (one) => measureStreams(one, "s5"), warmUpStreams);
  } else if (mode === "open") {
    for (const name of names) await openStreams(name);
  } else if (mode === "cold") {
    await coldStarts(names.filter((name) => name !== "direct"));
  } else if (mode === "shared") {
    await sharedState();
  } else if (mode === "memory") {
    for (const name of names) await memory(name);
  } else {
    throw new Error(`no mode is called ${mode}`);
  }
} finally {
  upstream.kill();
}
