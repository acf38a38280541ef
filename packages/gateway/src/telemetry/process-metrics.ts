// The process itself, by OpenTelemetry's conventions for processes and Node.
// https://opentelemetry.io/docs/specs/semconv/system/process-metrics/ and /runtime/nodejs-metrics/
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import { Observed, one } from "./instruments.ts";
import type { Instrument, NumberPoint } from "./instruments.ts";

/** Fifty ticks a second; stalls shorter than one are seen only now and then. */
const RESOLUTION_MS = 20;
/** Two readers who look at nearly the same time see the same; otherwise the first would empty it for the second. */
const LEAST_WINDOW_MS = 5_000;
const NANO = 1e9;
const MICRO = 1e6;

export interface ProcessMetrics {
  instruments: Instrument[];
  close(): void;
}

export function createProcessMetrics(): ProcessMetrics {
  const loop = new EventLoopWatch();
  const delay = (which: keyof LoopDelays, what: string): Observed =>
    gauge(
      `nodejs.eventloop.delay.${which}`,
      "s",
      `${what} of the event loop, since the last look`,
      () => loop.look().delays?.[which],
    );
  return {
    instruments: [
      new Observed(
        "counter",
        { name: "process.cpu.time", unit: "s", description: "CPU time of this process" },
        readCpu,
      ),
      gauge("process.memory.usage", "By", "Resident memory of this process", () => process.memoryUsage.rss()),
      gauge("process.uptime", "s", "Since this process started", () => process.uptime()),
      gauge("v8js.memory.heap.used", "By", "Heap in use", () => getHeapStatistics().used_heap_size),
      gauge(
        "v8js.memory.heap.limit",
        "By",
        "Heap that may be used",
        () => getHeapStatistics().heap_size_limit,
      ),
      gauge(
        "nodejs.eventloop.utilization",
        "1",
        "Share of time in which the event loop was not idle, since the last look",
        () => loop.look().utilization,
      ),
      delay("mean", "Mean delay"),
      delay("p50", "Median delay"),
      delay("p99", "99th percentile of delays"),
      delay("max", "Longest delay"),
    ],
    close: () => loop.close(),
  };
}

function gauge(name: string, unit: string, description: string, look: () => number | undefined): Observed {
  return new Observed("gauge", { name, unit, description }, () => one(look()));
}

interface LoopDelays {
  mean: number;
  p50: number;
  p99: number;
  max: number;
}

interface LoopState {
  utilization: number;
  /** Seconds; undefined before the first tick. */
  delays: LoopDelays | undefined;
}

class EventLoopWatch {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #utilization = performance.eventLoopUtilization();
  #state: LoopState | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor() {
    this.#histogram.enable();
  }

  /** What was since the last look. */
  look(): LoopState {
    const now = performance.now();
    if (this.#state !== undefined && now - this.#lookedAt < LEAST_WINDOW_MS) return this.#state;
    this.#lookedAt = now;
    const before = this.#utilization;
    this.#utilization = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(this.#utilization, before);
    this.#state = {
      utilization: Number.isFinite(utilization) ? utilization : 0,
      delays: this.#readDelays(),
    };
    this.#histogram.reset();
    return this.#state;
  }

  close(): void {
    this.#histogram.disable();
  }

  #readDelays(): LoopDelays | undefined {
    const histogram = this.#histogram;
    if (histogram.count === 0) return undefined;
    return {
      mean: toDelay(histogram.mean),
      p50: toDelay(histogram.percentile(50)),
      p99: toDelay(histogram.percentile(99)),
      max: toDelay(histogram.max),
    };
  }
}

/** The histogram holds the time between ticks: what is past the tick's own length is delay. */
function toDelay(nanoseconds: number): number {
  return Math.max(0, nanoseconds / NANO - RESOLUTION_MS / 1000);
}

function readCpu(): NumberPoint[] {
  const { user, system } = process.cpuUsage();
  return [
    { attributes: { "cpu.mode": "user" }, value: user / MICRO },
    { attributes: { "cpu.mode": "system" }, value: system / MICRO },
  ];
}
