import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { HomegrownError } from "@homegrown/contracts";
import { ProviderUpstream } from "@homegrown/testing";
import { Counter } from "./instruments.ts";
import { OtlpExporter } from "./otlp-exporter.ts";
import type { OtlpExporterOptions } from "./otlp-exporter.ts";
import { OtlpSender } from "./otlp-sender.ts";
import type { OtlpSpan } from "./otlp-json.ts";
import { toSpans } from "./request-spans.ts";
import { fakeRecord } from "./reports.fixture.ts";

const SECRET = "collector-secret-marker";

function makeSpans(count: number): OtlpSpan[] {
  const trace = {
    parent: undefined,
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    attemptSpanIds: [],
    report: undefined,
  };
  return Array.from({ length: count }, () => toSpans(fakeRecord(), trace, 1_700_000_000_000)[0]!);
}

describe("OTLP exporter", () => {
  let collector: ProviderUpstream;
  let endpoint: string;
  let faults: unknown[];
  const counter = new Counter({ name: "a.count", unit: "{x}", description: "" });

  beforeEach(async () => {
    collector = new ProviderUpstream();
    endpoint = await collector.start();
    collector.script({ body: "{}" });
    faults = [];
  });
  afterEach(() => collector.stop());

  function createExporter(given: Partial<OtlpExporterOptions> = {}, timeoutMs = 200): OtlpExporter {
    return new OtlpExporter({
      sender: new OtlpSender({ endpoint: `${endpoint}/base/`, headers: { "x-secret": SECRET }, timeoutMs }),
      resource: { "service.name": "test" },
      instruments: [counter],
      metricsIntervalMs: 60_000,
      spansIntervalMs: 10,
      onFault: (error) => faults.push(error),
      ...given,
    });
  }

  const spansSeen = (): number =>
    collector.requests
      .filter(({ path }) => path === "/base/v1/traces")
      .map(({ body }) => body as { resourceSpans: { scopeSpans: { spans: unknown[] }[] }[] })
      .reduce((sum, { resourceSpans }) => sum + resourceSpans[0]!.scopeSpans[0]!.spans.length, 0);

  it("sends spans in batches with the configured headers, and what waits when it closes", async () => {
    const exporter = createExporter({ spansIntervalMs: 60_000 });
    exporter.addSpans(makeSpans(1300));
    await exporter.close(2000);
    assert.equal(spansSeen(), 1300);
    const [first] = collector.requests;
    assert.equal(first!.headers["x-secret"], SECRET);
    assert.equal(first!.headers["content-type"], "application/json");
    assert.ok(collector.requests.some(({ path }) => path === "/base/v1/metrics"));
    assert.deepEqual(faults, []);
    assert.equal(exporter.droppedSpans, 0);
  });

  it("keeps spans while the collector is overloaded, and sends them when it is not", async () => {
    collector.script({ status: 503 });
    const exporter = createExporter({ spansIntervalMs: 50 });
    exporter.addSpans(makeSpans(3));
    while (collector.requests.length === 0) await sleep(5);
    collector.script({ body: "{}" });
    while (collector.requests.length === 0) await sleep(5);
    await exporter.close(1000);
    assert.equal(spansSeen(), 3);
    assert.equal(exporter.droppedSpans, 0);
    assert.equal(faults.length, 1);
  });

  it("gives spans up that a collector refuses or never takes, and says so once", async () => {
    collector.script({ status: 400, body: "no" });
    const refused = createExporter();
    refused.addSpans(makeSpans(3));
    while (refused.droppedSpans < 3) await sleep(5);
    await refused.close(1000);
    assert.equal(faults.length, 1);
    collector.script({ status: 500 });
    const failing = createExporter();
    failing.addSpans(makeSpans(2));
    while (failing.droppedSpans < 2) await sleep(5);
    await failing.close(1000);
    assert.equal(faults.length, 2);
    for (const fault of faults) {
      assert.ok(fault instanceof HomegrownError);
      assert.equal(fault.code, "gateway/telemetry-refused");
      assert.ok(!`${fault.message}${fault.hint}${JSON.stringify(fault.details)}`.includes(SECRET));
    }
  });

  it("bounds what waits for a collector that is gone, and reports that once", async () => {
    await collector.stop();
    const exporter = createExporter();
    for (let i = 0; i < 100; i++) exporter.addSpans(makeSpans(100));
    await sleep(100);
    await exporter.close(500);
    assert.ok(exporter.droppedSpans >= 10_000 - 2048);
    assert.equal(faults.length, 1);
    assert.equal((faults[0] as HomegrownError).code, "gateway/telemetry-unreachable");
    await collector.start();
  });

  it("closes in time though the collector never answers", async () => {
    collector.script({ ending: "hang" });
    const exporter = createExporter({}, 60_000);
    exporter.addSpans(makeSpans(1));
    await sleep(30);
    const startedAt = performance.now();
    await exporter.close(100);
    assert.ok(performance.now() - startedAt < 1000);
  });

  it("goes on though whoever is told of faults fails", async () => {
    collector.script({ status: 500 });
    const exporter = createExporter({
      onFault: () => {
        throw new Error("a log that is full");
      },
    });
    exporter.addSpans(makeSpans(1));
    while (exporter.droppedSpans < 1) await sleep(5);
    await exporter.close(1000);
  });
});
