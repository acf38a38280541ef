// OTLP in its JSON form, version 1: what a collector takes at /v1/traces and /v1/metrics.
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
import type { AttributeValue, Attributes, Instrument } from "./instruments.ts";

export interface OtlpAttribute {
  key: string;
  value: { stringValue: string } | { intValue: number } | { doubleValue: number } | { boolValue: boolean };
}

export const SPAN_KIND_SERVER = 2;
export const SPAN_KIND_CLIENT = 3;
export const STATUS_ERROR = 2;

export interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: typeof SPAN_KIND_SERVER | typeof SPAN_KIND_CLIENT;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: OtlpAttribute[];
  status: { code?: typeof STATUS_ERROR; message?: string };
  /** Lowest byte: the trace's flags; bit 8: whether the parent is remote is known; bit 9: it is. */
  flags: number;
}

export const SCOPE = { name: "homegrown.gateway" } as const;
const CUMULATIVE = 2;

export function toOtlpAttributes(attributes: Attributes): OtlpAttribute[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: toOtlpValue(value) }));
}

function toOtlpValue(value: AttributeValue): OtlpAttribute["value"] {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: value } : { doubleValue: value };
}

/** Milliseconds since 1970, fractions included, as nanoseconds; 64 bits travel as a string. */
export function toUnixNano(milliseconds: number): string {
  return `${Math.round(milliseconds * 1000)}000`;
}

export function renderTraces(spans: readonly OtlpSpan[], resource: Attributes): string {
  return JSON.stringify({
    resourceSpans: [
      { resource: { attributes: toOtlpAttributes(resource) }, scopeSpans: [{ scope: SCOPE, spans }] },
    ],
  });
}

/** Sums since `startedAt`, as they stand at `now`; both in milliseconds since 1970. */
export function renderMetrics(
  instruments: readonly Instrument[],
  resource: Attributes,
  startedAt: number,
  now: number,
): string {
  const times = { startTimeUnixNano: toUnixNano(startedAt), timeUnixNano: toUnixNano(now) };
  const metrics = instruments.flatMap((instrument) => toMetric(instrument, times) ?? []);
  return JSON.stringify({
    resourceMetrics: [
      { resource: { attributes: toOtlpAttributes(resource) }, scopeMetrics: [{ scope: SCOPE, metrics }] },
    ],
  });
}

interface Times {
  startTimeUnixNano: string;
  timeUnixNano: string;
}

function toMetric(instrument: Instrument, times: Times): object | undefined {
  const { name, unit, description } = instrument.definition;
  const head = { name, unit, description };
  if (instrument.kind === "histogram") {
    const dataPoints = Array.from(instrument.read(), ({ attributes, counts, sum, count }) => ({
      attributes: toOtlpAttributes(attributes),
      ...times,
      count,
      sum,
      bucketCounts: Array.from(counts),
      explicitBounds: instrument.bounds,
    }));
    if (dataPoints.length === 0) return undefined;
    return { ...head, histogram: { dataPoints, aggregationTemporality: CUMULATIVE } };
  }
  const dataPoints = Array.from(instrument.read(), ({ attributes, value }) => ({
    attributes: toOtlpAttributes(attributes),
    ...times,
    asDouble: value,
  }));
  if (dataPoints.length === 0) return undefined;
  if (instrument.kind === "gauge") return { ...head, gauge: { dataPoints } };
  return { ...head, sum: { dataPoints, aggregationTemporality: CUMULATIVE, isMonotonic: true } };
}
