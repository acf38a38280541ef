// Load on core 1, from outside: oha for requests, our own reader for streams.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { PEERS } from "./install-peers.ts";

const OHA = join(PEERS, "oha/bin/oha");

export interface RequestLoad {
  requestsPerSecond: number;
  /** Milliseconds at 50, 95 and 99 %. */
  latencyMs: readonly [number, number, number];
  numRequests: number;
  numErrors: number;
}

export interface RequestTask {
  url: string;
  headers: Readonly<Record<string, string>>;
  bodyFile: string;
  connections: number;
  /** One of the two. */
  seconds?: number;
  requests?: number;
  /** Requests a second; latency then counts from when a request was due. Absent: as fast as it goes. */
  rate?: number;
}

export async function loadRequests(task: RequestTask): Promise<RequestLoad> {
  const headers = Object.entries({ "content-type": "application/json", ...task.headers }).flatMap(
    ([name, value]) => ["-H", `${name}: ${value}`],
  );
  const length = task.seconds === undefined ? ["-n", String(task.requests)] : ["-z", `${task.seconds}s`];
  const rate = task.rate === undefined ? [] : ["-q", String(task.rate), "--latency-correction"];
  const args = [
    ...length,
    ...rate,
    "-c",
    String(task.connections),
    "-m",
    "POST",
    "-D",
    task.bodyFile,
    ...headers,
    "--no-tui",
    "--output-format",
    "json",
    task.url,
  ];
  const result = JSON.parse(await runPinned(OHA, args)) as {
    summary: { total: number };
    latencyPercentiles: Record<"p50" | "p95" | "p99", number | null>;
    statusCodeDistribution: Record<string, number>;
    errorDistribution: Record<string, number>;
  };
  const numAnswers = Object.values(result.statusCodeDistribution).reduce((sum, count) => sum + count, 0);
  const numBroken = Object.entries(result.errorDistribution)
    .filter(([reason]) => !reason.includes("deadline"))
    .reduce((sum, [, count]) => sum + count, 0);
  const { p50, p95, p99 } = result.latencyPercentiles;
  return {
    requestsPerSecond: numAnswers / result.summary.total,
    latencyMs: [toMs(p50), toMs(p95), toMs(p99)],
    numRequests: numAnswers,
    numErrors: numAnswers - (result.statusCodeDistribution["200"] ?? 0) + numBroken,
  };
}

export interface StreamLoad {
  numStreams: number;
  numErrors: number;
  firstError?: string;
  chunksPerSecond: number;
  firstChunkMs: readonly [number, number, number];
  chunkMs: readonly [number, number, number];
}

export async function loadStreams(task: {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  streams: number;
  total: number;
}): Promise<StreamLoad> {
  const client = resolve(import.meta.dirname, "stream-client.ts");
  return JSON.parse(await runPinned(process.execPath, [client, JSON.stringify(task)])) as StreamLoad;
}

export function writeBody(folder: string, name: string, body: string): string {
  const file = join(folder, `${name.replace(/\W/g, "_")}.json`);
  writeFileSync(file, body);
  return file;
}

function toMs(seconds: number | null): number {
  return seconds === null ? Number.NaN : seconds * 1000;
}

/** On the core that the gateway is not on. */
function runPinned(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("taskset", ["-c", "1", file, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (data) => (text += String(data)));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(text);
      else reject(new Error(`${file} ended with ${code}: ${text.slice(0, 500)}`));
    });
  });
}
