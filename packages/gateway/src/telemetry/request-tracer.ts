// Which requests are traced. Whether one is, is decided when its header has come, before anything is made for
// it: by the client, where it sends a `traceparent`, and otherwise by chance. Spans are written when a request
// is over, from what is then known; while it runs there are only its ids.
import type { IncomingHttpHeaders } from "node:http";
import type { RequestReport } from "../core/request-report.ts";
import type { RequestTrace } from "../core/request-trace.ts";
import type { RequestRecord } from "../server/request-record.ts";
import { newSpanId, newTraceId, parseTraceparent, toTraceparent } from "./trace-context.ts";
import type { TraceContext } from "./trace-context.ts";

export interface RequestTracerOptions {
  /** Of the requests without a `traceparent`, 0 to 1. */
  sampleRatio: number;
  /** Takes sampled requests once they are over; without it contexts are only passed on. */
  export: ((record: RequestRecord, trace: TracedRequest, now: number) => void) | undefined;
  random?: () => number;
  now?: () => number;
}

/** Failed requests that chance left out are traced nevertheless, so many a second and no more. */
const ERRORS_PER_SECOND = 5;
const ERROR_BURST = 20;
/** Failures of the gateway or of a provider; what clients do wrong is counted, not traced. */
const TRACED_KINDS: ReadonlySet<string> = new Set(["unavailable", "overloaded", "internal", "corrupt"]);

export class RequestTracer {
  readonly #options: RequestTracerOptions;
  readonly #random: () => number;
  readonly #now: () => number;
  #errorsLeft = ERROR_BURST;
  #refilledAt: number;

  constructor(options: RequestTracerOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#now = options.now ?? Date.now;
    this.#refilledAt = this.#now();
  }

  /** Undefined where there is nothing to follow and nothing to pass on. */
  begin(headers: IncomingHttpHeaders): TracedRequest | undefined {
    const { traceparent } = headers;
    const { export: take, sampleRatio } = this.#options;
    const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent);
    if (parent) return new TracedRequest(parent, parent.sampled && take !== undefined);
    if (take === undefined || sampleRatio === 0) return undefined;
    return new TracedRequest(undefined, this.#random() < sampleRatio);
  }

  /** Exports a request that is over, if it is sampled, and tells its record the trace's id. */
  end(record: RequestRecord, trace: RequestTrace | undefined): void {
    if (!(trace instanceof TracedRequest)) return;
    const { export: take } = this.#options;
    // Health checks, scrapes, lists of models: traced only where the client asks for it.
    if (trace.parent === undefined && trace.report === undefined && record.error === undefined) return;
    const isMissed = !trace.isSampled && trace.parent === undefined;
    if (isMissed && isFailure(record) && this.#mayTraceError()) trace.sampleLate();
    const { traceId } = trace;
    if (traceId !== undefined) record.traceId = traceId;
    if (trace.isSampled) take?.(record, trace, this.#now());
  }

  #mayTraceError(): boolean {
    const now = this.#now();
    const refill = (Math.max(0, now - this.#refilledAt) / 1000) * ERRORS_PER_SECOND;
    this.#errorsLeft = Math.min(ERROR_BURST, this.#errorsLeft + refill);
    this.#refilledAt = now;
    if (this.#errorsLeft < 1) return false;
    this.#errorsLeft--;
    return true;
  }
}

function isFailure({ error }: RequestRecord): boolean {
  return error !== undefined && TRACED_KINDS.has(error.kind);
}

export class TracedRequest implements RequestTrace {
  readonly parent: TraceContext | undefined;
  report: RequestReport | undefined = undefined;
  /** Of the attempts, in their order. */
  readonly attemptSpanIds: string[] = [];
  #own: TraceContext | undefined;

  constructor(parent: TraceContext | undefined, isSampled: boolean) {
    this.parent = parent;
    if (isSampled) this.#own = newContext(parent);
  }

  get isSampled(): boolean {
    return this.#own !== undefined;
  }

  /** Of the request's own span; undefined unless it is sampled. */
  get spanId(): string | undefined {
    return this.#own?.spanId;
  }

  get traceId(): string | undefined {
    return this.#own?.traceId ?? this.parent?.traceId;
  }

  sampleLate(): void {
    this.#own = newContext(this.parent);
  }

  /** Who does not record hands the client's own context on, as the standard asks. */
  beginAttempt(): string | undefined {
    if (this.#own === undefined) return this.parent && toTraceparent(this.parent);
    const spanId = newSpanId();
    this.attemptSpanIds.push(spanId);
    return toTraceparent({ ...this.#own, spanId });
  }
}

function newContext(parent: TraceContext | undefined): TraceContext {
  return { traceId: parent?.traceId ?? newTraceId(), spanId: newSpanId(), sampled: true };
}
