// The same spans and numbers through OpenTelemetry's own SDK and exporters, and through ours: a collector must
// not be able to tell.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ProviderUpstream } from "@homegrown/testing";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { Counter, Histogram, Observed } from "./instruments.ts";
import type { Attributes } from "./instruments.ts";
import { SCOPE, renderMetrics, renderTraces } from "./otlp-json.ts";
import type { OtlpAttribute, OtlpSpan } from "./otlp-json.ts";
import { fakeRecord, fakeReport } from "./reports.fixture.ts";
import { toSpans } from "./request-spans.ts";
import { RequestTracer } from "./request-tracer.ts";

const RESOURCE: Attributes = { "service.name": "test", "process.pid": 7 };
const BOUNDS = [0.1, 1, 10];
const ATTRIBUTES: Attributes = { name: 'é\n"', count: 3, share: 0.25, yes: true };
/** What the SDK adds and says nothing by. */
const EMPTY = ["droppedAttributesCount", "droppedEventsCount", "droppedLinksCount", "events", "links"];

/** One object for all spans: by it they are put together. */
const OFFICIAL_RESOURCE = { attributes: RESOURCE, getRawAttributes: () => Object.entries(RESOURCE) };

type OfficialSpan = Parameters<OTLPTraceExporter["export"]>[0][number];

interface Options {
  unit: string;
  description: string;
}
const options = (unit: string): Options => ({ unit, description: "Of a test" });
const definition = (name: string, unit: string): Options & { name: string } => ({ name, ...options(unit) });

describe("OTLP in JSON", () => {
  const collector = new ProviderUpstream();
  let url: string;
  before(async () => {
    url = await collector.start();
    collector.script({ body: "{}" });
  });
  after(() => collector.stop());

  it("writes spans as OpenTelemetry's exporter does", async () => {
    const spans: OtlpSpan[] = [];
    const tracer = new RequestTracer({
      sampleRatio: 1,
      export: (...done) => spans.push(...toSpans(...done)),
    });
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const trace = tracer.begin({ traceparent })!;
    trace.beginAttempt();
    trace.report = fakeReport();
    const error = { code: "gateway/upstream-reset", kind: "unavailable", message: "" };
    tracer.end(fakeRecord({ status: 503, error }), trace);
    const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
    const official = spans.map((span) => toOfficial(span));
    await new Promise((resolve) => exporter.export(official, resolve));
    await exporter.shutdown();
    const seen = JSON.stringify(collector.requests.at(-1)!.body);
    assert.deepEqual(
      JSON.parse(renderTraces(spans, RESOURCE)),
      JSON.parse(seen, (key, value: unknown) => {
        if (EMPTY.includes(key)) return undefined;
        return typeof value === "object" && value !== null && "code" in value && value.code === 0
          ? {}
          : value;
      }),
    );
  });

  it("writes metrics as OpenTelemetry's SDK does", async () => {
    const reader = new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }) as never,
      exportIntervalMillis: 100_000,
      exportTimeoutMillis: 50_000,
    });
    const provider = new MeterProvider({ readers: [reader] });
    const meter = provider.getMeter(SCOPE.name);
    const histogram = new Histogram(definition("a.duration", "s"), BOUNDS);
    const theirs = meter.createHistogram("a.duration", {
      ...options("s"),
      advice: { explicitBucketBoundaries: BOUNDS },
    });
    for (const value of [0.05, 0.1, 0.11, 1, 5, 10, 11]) {
      histogram.with(ATTRIBUTES).record(value);
      theirs.record(value, ATTRIBUTES);
    }
    const counter = new Counter(definition("a.cost", "USD"));
    const theirCounter = meter.createCounter("a.cost", options("USD"));
    for (const amount of [0.5, 2]) {
      counter.with(ATTRIBUTES).add(amount);
      theirCounter.add(amount, ATTRIBUTES);
    }
    const gauge = new Observed("gauge", definition("a.level", "1"), () => [
      { attributes: ATTRIBUTES, value: 0.5 },
    ]);
    meter
      .createObservableGauge("a.level", options("1"))
      .addCallback((result) => result.observe(0.5, ATTRIBUTES));
    await provider.forceFlush();
    await provider.shutdown();
    const seen = collector.requests.find(({ path }) => path === "/v1/metrics")!;
    const ours = JSON.parse(renderMetrics([histogram, counter, gauge], RESOURCE, 1000, 2000)) as unknown;
    assert.deepEqual(metricsOf(ours), metricsOf(seen.body));
  });
});

/** Without times, which differ, and with what only histograms of the SDK have left out. */
function metricsOf(body: unknown): unknown {
  const { resourceMetrics } = body as {
    resourceMetrics: { scopeMetrics: { scope: { name: string }; metrics: unknown }[] }[];
  };
  const [scoped] = resourceMetrics[0]!.scopeMetrics;
  assert.equal(scoped!.scope.name, SCOPE.name);
  return JSON.parse(JSON.stringify(scoped!.metrics), (key, value: unknown) => {
    if (["startTimeUnixNano", "timeUnixNano"].includes(key)) return typeof value;
    return ["min", "max", "flags"].includes(key) ? undefined : value;
  });
}

function toOfficial(span: OtlpSpan): OfficialSpan {
  const { traceId, parentSpanId } = span;
  return {
    name: span.name,
    kind: span.kind - 1,
    spanContext: () => ({ traceId, spanId: span.spanId, traceFlags: 1 }),
    ...(parentSpanId !== undefined && {
      parentSpanContext: { traceId, spanId: parentSpanId, traceFlags: 1, isRemote: span.kind === 2 },
    }),
    startTime: nano(span.startTimeUnixNano),
    endTime: nano(span.endTimeUnixNano),
    duration: [0, 0],
    ended: true,
    status: { code: span.status.code ?? 0 },
    attributes: toPlain(span.attributes),
    links: [],
    events: [],
    resource: OFFICIAL_RESOURCE,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  } as unknown as OfficialSpan;
}

function nano(time: string): [seconds: number, nanoseconds: number] {
  return [Number(time.slice(0, -9)), Number(time.slice(-9))];
}

function toPlain(attributes: readonly OtlpAttribute[]): Attributes {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0] as string]));
}
