import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Counter, Histogram, MAX_SERIES, Observed, one } from "./instruments.ts";
import { parsePrometheus } from "./prometheus-parser.fixture.ts";
import { renderPrometheus } from "./prometheus-text.ts";

const definition = (name: string, unit: string): { name: string; unit: string; description: string } => ({
  name,
  unit,
  description: "Of a test",
});

describe("Prometheus text", () => {
  it("names instruments by OpenTelemetry's rules", () => {
    const counter = new Counter(definition("a.cost", "USD"));
    counter.with({}).add(1.5);
    const text = renderPrometheus(
      [
        counter,
        new Observed("gauge", definition("a.share", "1"), () => one(0.5)),
        new Observed("counter", definition("a.rows", "{row}"), () => one(7)),
        new Observed("gauge", definition("a.memory", "By"), () => one(8)),
        new Observed("gauge", definition("a.unknown", "s"), () => one(undefined)),
      ],
      { "service.name": "test" },
    );
    const { samples, types } = parsePrometheus(text);
    assert.deepEqual(
      samples.map(({ name, value }) => [name, value]),
      [
        ["target_info", 1],
        ["a_cost_usd_total", 1.5],
        ["a_share_ratio", 0.5],
        ["a_rows_total", 7],
        ["a_memory_bytes", 8],
      ],
    );
    assert.deepEqual(samples[0]!.labels, { service_name: "test" });
    assert.equal(types.get("a_cost_usd_total"), "counter");
    assert.equal(types.get("a_share_ratio"), "gauge");
  });

  it("counts every value in the bucket that holds it, its upper bound included", () => {
    const histogram = new Histogram(definition("a.duration", "s"), [0.1, 1]);
    for (const value of [0.05, 0.1, 0.5, 5]) histogram.with({ kind: "x" }).record(value);
    const { samples } = parsePrometheus(renderPrometheus([histogram], {}));
    const at = (name: string, le?: string): number | undefined =>
      samples.find((sample) => sample.name === name && sample.labels["le"] === le)?.value;
    assert.equal(at("a_duration_seconds_bucket", "0.1"), 2);
    assert.equal(at("a_duration_seconds_bucket", "1"), 3);
    assert.equal(at("a_duration_seconds_bucket", "+Inf"), 4);
    assert.equal(at("a_duration_seconds_count"), 4);
    assert.ok(Math.abs(at("a_duration_seconds_sum")! - 5.65) < 1e-9);
  });

  it("puts the labels of a process on every series", () => {
    const histogram = new Histogram(definition("a", "s"), [1]);
    histogram.with({ kind: "x" }).record(1);
    const text = renderPrometheus([histogram], { "process.pid": 7 }, { "homegrown.process": 7 });
    const { samples } = parsePrometheus(text);
    assert.equal(samples.length, 1 + 4);
    assert.ok(samples.every(({ labels }) => labels["homegrown_process"] === "7"));
  });

  it("escapes what would end a label", () => {
    const counter = new Counter(definition("a", "{x}"));
    const hostile = 'a"} 1\nb{c="\\';
    counter.with({ hostile }).add(1);
    const { samples } = parsePrometheus(renderPrometheus([counter], {}));
    assert.equal(samples.length, 2);
    assert.equal(samples[1]!.labels["hostile"], hostile);
  });

  it("puts what is past the bound on series into one, and loses nothing", () => {
    const counter = new Counter(definition("a", "{x}"));
    for (let i = 0; i < MAX_SERIES * 2; i++) counter.with({ i }).add(1);
    const { samples } = parsePrometheus(renderPrometheus([counter], {}));
    const counted = samples.filter(({ name }) => name === "a_total");
    assert.equal(counted.length, MAX_SERIES);
    assert.equal(
      counted.reduce((sum, { value }) => sum + value, 0),
      MAX_SERIES * 2,
    );
    assert.ok(counted.some(({ labels }) => labels["otel_metric_overflow"] === "true"));
  });
});
