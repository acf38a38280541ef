// The process itself, by OpenTelemetry's conventions for processes and Node.
// https://opentelemetry.io/docs/specs/semconv/system/process-metrics/ and /runtime/nodejs-metrics/
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import { Observed, one } from "./instruments.ts";
import type { Instrument, NumberPoint } from "./instruments.ts";

/** Fifty ticks a second; stalls shorter than one are seen only now and then. */
const RESOLUTION_MS = 20;
const NANO = 1e9;
const MICRO = 1e6;

export interface ProcessMetrics {
  instruments: Instrument[];
  close(): void;
}

export function createProcessMetrics(): ProcessMetrics {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let lastUse = performance.eventLoopUtilization();
  // The histogram holds intervals between ticks: what is past the tick's own length is delay.
  const ofTick = (nanoseconds: number): number => Math.max(0, nanoseconds / NANO - RESOLUTION_MS / 1000);
  const loop = (name: string, description: string, look: () => number): Observed =>
    new Observed("gauge", { name: `nodejs.eventloop.delay.${name}`, unit: "s", description }, () =>
      delay.count === 0 ? [] : one(ofTick(look())),
    );
  return {
    instruments: [
      new Observed(
        "counter",
        { name: "process.cpu.time", unit: "s", description: "CPU time of this process" },
        readCpu,
      ),
      new Observed(
        "gauge",
        { name: "process.memory.usage", unit: "By", description: "Resident memory of this process" },
        () => one(process.memoryUsage.rss()),
      ),
      new Observed(
        "gauge",
        { name: "process.uptime", unit: "s", description: "Since this process started" },
        () => one(process.uptime()),
      ),
      new Observed("gauge", { name: "v8js.memory.heap.used", unit: "By", description: "Heap in use" }, () =>
        one(getHeapStatistics().used_heap_size),
      ),
      new Observed(
        "gauge",
        { name: "v8js.memory.heap.limit", unit: "By", description: "Heap that may be used" },
        () => one(getHeapStatistics().heap_size_limit),
      ),
      new Observed(
        "gauge",
        {
          name: "nodejs.eventloop.utilization",
          unit: "1",
          description: "Share of time in which the event loop was not idle, since the last look",
        },
        () => {
          const now = performance.eventLoopUtilization();
          const { utilization } = performance.eventLoopUtilization(now, lastUse);
          lastUse = now;
          return one(Number.isFinite(utilization) ? utilization : 0);
        },
      ),
      loop("mean", "Mean delay of the event loop, since the start", () => delay.mean),
      loop("p50", "Median delay of the event loop, since the start", () => delay.percentile(50)),
      loop("p99", "99th percentile of the event loop's delay, since the start", () => delay.percentile(99)),
      loop("max", "Longest delay of the event loop, since the start", () => delay.max),
    ],
    close: () => delay.disable(),
  };
}

function readCpu(): NumberPoint[] {
  const { user, system } = process.cpuUsage();
  return [
    { attributes: { "cpu.mode": "user" }, value: user / MICRO },
    { attributes: { "cpu.mode": "system" }, value: system / MICRO },
  ];
}
