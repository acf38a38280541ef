// Sends what was measured, now and then and in the background. A collector that is slow, gone or angry costs a
// bounded queue and a line in the log once a minute; never a request.
import type { Attributes, Instrument, NumberPoint } from "./instruments.ts";
import { renderMetrics, renderTraces } from "./otlp-json.ts";
import type { OtlpSpan } from "./otlp-json.ts";
import { OtlpSender } from "./otlp-sender.ts";
import type { Signal } from "./otlp-sender.ts";

export interface OtlpExporterOptions {
  sender: OtlpSender;
  resource: Attributes;
  instruments: readonly Instrument[];
  metricsIntervalMs: number;
  /** How long a finished span waits for others at most. Default 5 s. */
  spansIntervalMs?: number;
  /** Told of failures, at most once in `faultIntervalMs`, which is a minute. */
  onFault: (error: unknown) => void;
  faultIntervalMs?: number;
}

/** OpenTelemetry's defaults for batches of spans. */
const MAX_QUEUED_SPANS = 2048;
const MAX_BATCH_SPANS = 512;
/** A batch that failed so often in a row is thrown away. */
const MAX_TRIES = 3;

export class OtlpExporter {
  readonly #options: Required<OtlpExporterOptions>;
  readonly #startedAt = Date.now();
  readonly #timers: NodeJS.Timeout[];
  #spans: OtlpSpan[] = [];
  #sendingSpans: Promise<void> | undefined;
  #sendingMetrics: Promise<void> | undefined;
  #numTries = 0;
  #faultAt = Number.NEGATIVE_INFINITY;
  #dropped = 0;
  #failures: Record<Signal, number> = { traces: 0, metrics: 0 };

  constructor(options: OtlpExporterOptions) {
    this.#options = { spansIntervalMs: 5_000, faultIntervalMs: 60_000, ...options };
    const { spansIntervalMs, metricsIntervalMs } = this.#options;
    this.#timers = [
      setInterval(() => void this.#flushSpans(), spansIntervalMs).unref(),
      setInterval(() => void this.#flushMetrics(), metricsIntervalMs).unref(),
    ];
  }

  /** Spans that were thrown away: the queue was full, or the collector did not take them. */
  get droppedSpans(): number {
    return this.#dropped;
  }

  get failures(): NumberPoint[] {
    return Object.entries(this.#failures).map(([signal, value]) => ({
      attributes: { "homegrown.signal": signal },
      value,
    }));
  }

  /** Returns at once and never throws. */
  addSpans(spans: readonly OtlpSpan[]): void {
    if (this.#spans.length + spans.length > MAX_QUEUED_SPANS) {
      this.#dropped += spans.length;
      return;
    }
    this.#spans.push(...spans);
    // Not while the collector fails: then the timer sets the pace.
    if (this.#spans.length >= MAX_BATCH_SPANS && this.#numTries === 0) void this.#flushSpans();
  }

  /** Sends what waits, within the time given. */
  async close(timeoutMs: number): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.#flushAll(), tooLate]);
    clearTimeout(timer);
    await this.#options.sender.close();
  }

  async #flushAll(): Promise<void> {
    // What was under way knows nothing of what came since.
    await Promise.all([this.#sendingSpans, this.#sendingMetrics]);
    const spans = async (): Promise<void> => {
      for (let left = this.#spans.length; left > 0; left = this.#spans.length) {
        await this.#flushSpans();
        if (this.#spans.length === left) return;
      }
    };
    await Promise.all([spans(), this.#flushMetrics()]);
  }

  #flushSpans(): Promise<void> {
    this.#sendingSpans ??= this.#sendSpans().finally(() => (this.#sendingSpans = undefined));
    return this.#sendingSpans;
  }

  async #sendSpans(): Promise<void> {
    const batch = this.#spans.slice(0, MAX_BATCH_SPANS);
    if (batch.length === 0) return;
    const isSent = await this.#send("traces", () => renderTraces(batch, this.#options.resource));
    const isOver = isSent === "sent" || isSent === "refused" || ++this.#numTries >= MAX_TRIES;
    if (!isOver) return;
    this.#numTries = 0;
    this.#spans.splice(0, batch.length);
    if (isSent !== "sent") this.#dropped += batch.length;
  }

  /** Metrics are sums since the start: those that fail are in the next ones. */
  #flushMetrics(): Promise<void> {
    const { instruments, resource } = this.#options;
    this.#sendingMetrics ??= this.#send("metrics", () =>
      renderMetrics(instruments, resource, this.#startedAt, Date.now()),
    )
      .then(() => {})
      .finally(() => (this.#sendingMetrics = undefined));
    return this.#sendingMetrics;
  }

  async #send(signal: Signal, render: () => string): Promise<"sent" | "refused" | "failed"> {
    try {
      await this.#options.sender.send(signal, render());
      return "sent";
    } catch (error) {
      this.#failures[signal]++;
      this.#report(error);
      return isRetryable(error) ? "failed" : "refused";
    }
  }

  #report(error: unknown): void {
    const now = performance.now();
    const { faultIntervalMs, onFault } = this.#options;
    if (now - this.#faultAt < faultIntervalMs) return;
    this.#faultAt = now;
    try {
      onFault(error);
    } catch {
      // A log that fails must not end the exports.
    }
  }
}

function isRetryable(error: unknown): boolean {
  return typeof error === "object" && error !== null && "retryable" in error && error.retryable === true;
}
