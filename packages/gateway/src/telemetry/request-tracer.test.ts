import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OtlpSpan } from "./otlp-json.ts";
import { fakeAttempt, fakeRecord, fakeReport, fakeTarget } from "./reports.fixture.ts";
import { toSpans } from "./request-spans.ts";
import { RequestTracer } from "./request-tracer.ts";
import { parseTraceparent } from "./trace-context.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const PARENT_ID = "b7ad6b7169203331";
const SAMPLED = `00-${TRACE_ID}-${PARENT_ID}-01`;
const UNSAMPLED = `00-${TRACE_ID}-${PARENT_ID}-00`;

function createTracer(given: { sampleRatio?: number; random?: () => number; now?: () => number } = {}): {
  tracer: RequestTracer;
  spans: OtlpSpan[];
} {
  const spans: OtlpSpan[] = [];
  const tracer = new RequestTracer({
    sampleRatio: 0.01,
    random: () => 0.5,
    export: (record, trace, now) => spans.push(...toSpans(record, trace, now)),
    ...given,
  });
  return { tracer, spans };
}

const attributesOf = ({ attributes }: OtlpSpan): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

const unavailable = { code: "gateway/upstream-reset", kind: "unavailable", message: "" };

describe("trace context", () => {
  it("takes what the standard allows and nothing else", () => {
    assert.deepEqual(parseTraceparent(SAMPLED), { traceId: TRACE_ID, spanId: PARENT_ID, sampled: true });
    assert.equal(parseTraceparent(UNSAMPLED)?.sampled, false);
    assert.equal(parseTraceparent(`cc-${TRACE_ID}-${PARENT_ID}-09-later`)?.sampled, true, "a later version");
    for (const wrong of [
      "",
      `ff-${TRACE_ID}-${PARENT_ID}-01`,
      `00-${TRACE_ID}-${PARENT_ID}-01-more`,
      `00-${TRACE_ID.toUpperCase()}-${PARENT_ID}-01`,
      `00-${"0".repeat(32)}-${PARENT_ID}-01`,
      `00-${TRACE_ID}-${"0".repeat(16)}-01`,
      `00-${TRACE_ID}-${PARENT_ID}`,
      `${SAMPLED}\n`,
      `cc-${TRACE_ID}-${PARENT_ID}-01-${"x".repeat(300)}`,
    ]) {
      assert.equal(parseTraceparent(wrong), undefined, wrong);
    }
  });
});

describe("request tracer", () => {
  it("follows the client's decision", () => {
    const { tracer, spans } = createTracer();
    const trace = tracer.begin({ traceparent: SAMPLED })!;
    const forwarded = parseTraceparent(trace.beginAttempt()!)!;
    assert.equal(forwarded.traceId, TRACE_ID);
    trace.report = fakeReport();
    const record = fakeRecord();
    tracer.end(record, trace);
    assert.equal(record.traceId, TRACE_ID);
    const [server, client] = spans;
    assert.equal(server!.parentSpanId, PARENT_ID);
    assert.equal(client!.parentSpanId, server!.spanId);
    assert.equal(client!.spanId, forwarded.spanId, "what the provider was told is this attempt's span");
    assert.notEqual(server!.spanId, PARENT_ID);
  });

  it("hands an unsampled context on as it came, and records nothing, not even failures", () => {
    const { tracer, spans } = createTracer({ random: () => 0 });
    const trace = tracer.begin({ traceparent: UNSAMPLED })!;
    assert.equal(trace.beginAttempt(), UNSAMPLED);
    trace.report = fakeReport();
    const record = fakeRecord({ status: 503, error: unavailable });
    tracer.end(record, trace);
    assert.deepEqual(spans, []);
    assert.equal(record.traceId, TRACE_ID, "for the log, all the same");
  });

  it("hands contexts on where nobody collects spans", () => {
    const tracer = new RequestTracer({ sampleRatio: 1, export: undefined });
    assert.equal(tracer.begin({ traceparent: SAMPLED })!.beginAttempt(), SAMPLED);
    assert.equal(tracer.begin({}), undefined);
  });

  it("draws the share of requests that it was told to", () => {
    let drawn = 0;
    const { tracer, spans } = createTracer({ sampleRatio: 0.01, random: () => (drawn++ % 1000) / 1000 });
    for (let i = 0; i < 1000; i++) {
      const trace = tracer.begin({})!;
      assert.equal(trace.beginAttempt() === undefined, !trace.isSampled);
      trace.report = fakeReport();
      tracer.end(fakeRecord(), trace);
    }
    assert.equal(spans.length, 10 * 2);
    assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 10);
    assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, 20);
  });

  it("does not trace health checks by chance", () => {
    const { tracer, spans } = createTracer({ sampleRatio: 1 });
    tracer.end(fakeRecord({ route: "/healthz", method: "GET" }), tracer.begin({}));
    assert.deepEqual(spans, []);
  });

  it("traces failures that chance left out, but not a flood of them, and not what clients do wrong", () => {
    let now = 1_000_000;
    const { tracer, spans } = createTracer({ now: () => now });
    const failOnce = (kind: string): void =>
      tracer.end(fakeRecord({ status: 503, error: { ...unavailable, kind } }), tracer.begin({}));
    for (let i = 0; i < 100; i++) failOnce("unavailable");
    assert.equal(spans.length, 20);
    now += 1000;
    for (let i = 0; i < 100; i++) failOnce("unavailable");
    assert.equal(spans.length, 25);
    now += 10_000;
    for (let i = 0; i < 100; i++) failOnce("invalid-input");
    assert.equal(spans.length, 25);
  });

  it("shows each attempt with its times, its target and how it ended", () => {
    const now = 1_700_000_000_060;
    const { tracer, spans } = createTracer({ sampleRatio: 1, now: () => now });
    const trace = tracer.begin({})!;
    const ids = [trace.beginAttempt(), trace.beginAttempt()].map((one) => parseTraceparent(one)!.spanId);
    const failed = fakeTarget("first/large", "anthropic");
    trace.report = fakeReport({
      streamed: true,
      attempts: 2,
      attemptsMade: [
        fakeAttempt({ target: failed, errorCode: "gateway/upstream-reset", startedMs: 2, durationMs: 8 }),
        fakeAttempt({ startedMs: 11, durationMs: 35, passedThrough: false }),
      ],
    });
    tracer.end(fakeRecord({ durationMs: 60 }), trace);
    const [server, first, second] = spans;
    assert.deepEqual([first!.spanId, second!.spanId], ids);
    assert.equal(server!.name, "POST /v1/chat/completions");
    assert.equal(server!.startTimeUnixNano, "1700000000000000000");
    assert.equal(server!.endTimeUnixNano, "1700000000060000000");
    assert.equal(first!.startTimeUnixNano, "1700000000002000000");
    assert.equal(first!.endTimeUnixNano, "1700000000010000000");
    assert.deepEqual(first!.status, { code: 2 });
    assert.equal(attributesOf(first!)["error.type"], "gateway/upstream-reset");
    assert.equal(attributesOf(first!)["gen_ai.provider.name"], "anthropic");
    assert.equal(attributesOf(first!)["gen_ai.usage.input_tokens"], undefined);
    assert.deepEqual(attributesOf(second!), {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "small",
      "gen_ai.response.model": "small",
      "gen_ai.request.stream": true,
      "homegrown.target": "hosted/small",
      "homegrown.attempt": 2,
      "homegrown.passed_through": false,
      "gen_ai.response.time_to_first_chunk": 0.03,
      "gen_ai.usage.input_tokens": 100,
      "gen_ai.usage.output_tokens": 20,
    });
    assert.equal(second!.name, "chat small");
  });
});
