import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NO_USAGE } from "../core/token-usage.ts";
import type { Instrument } from "./instruments.ts";
import { KnownNames } from "./known-names.ts";
import { parsePrometheus } from "./prometheus-parser.fixture.ts";
import type { Sample } from "./prometheus-parser.fixture.ts";
import { renderPrometheus } from "./prometheus-text.ts";
import { fakeAttempt, fakeRecord, fakeReport, fakeTarget } from "./reports.fixture.ts";
import { RequestMetrics } from "./request-metrics.ts";

function createMetrics(aliases: readonly string[] = ["fast"]): RequestMetrics {
  return new RequestMetrics(new KnownNames((alias) => aliases.includes(alias)));
}

function read(instruments: readonly Instrument[]): (name: string, labels?: object) => Sample[] {
  const { samples } = parsePrometheus(renderPrometheus(instruments, {}));
  return (name, labels = {}) =>
    samples.filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
}

const total = (samples: readonly Sample[]): number => samples.reduce((sum, { value }) => sum + value, 0);

describe("request metrics", () => {
  it("count a request once as a server's and each attempt as a client's", () => {
    const metrics = createMetrics();
    const failed = fakeTarget("first/large");
    metrics.observe(
      fakeReport({
        attempts: 2,
        attemptsMade: [
          fakeAttempt({ target: failed, errorCode: "gateway/upstream-reset", durationMs: 10 }),
          fakeAttempt({ startedMs: 11, durationMs: 35 }),
        ],
      }),
    );
    const at = read(metrics.instruments);
    const [server] = at("gen_ai_server_request_duration_seconds_count");
    assert.equal(server!.value, 1);
    assert.deepEqual(server!.labels, {
      gen_ai_operation_name: "chat",
      gen_ai_provider_name: "openai",
      gen_ai_request_model: "fast",
      gen_ai_response_model: "small",
      gen_ai_request_stream: "false",
      homegrown_target: "hosted/small",
      homegrown_outcome: "completed",
    });
    const clients = at("gen_ai_client_operation_duration_seconds_count");
    assert.deepEqual(
      clients.map(({ labels, value }) => [labels["homegrown_target"], labels["error_type"], value]),
      [
        ["first/large", "gateway/upstream-reset", 1],
        ["hosted/small", undefined, 1],
      ],
    );
    assert.equal(total(at("homegrown_retries_total")), 1);
    assert.equal(total(at("homegrown_cost_usd_total")), 0.002);
    const usage = "gen_ai_client_token_usage_sum";
    assert.equal(total(at(usage, { gen_ai_token_type: "input" })), 100);
    assert.equal(total(at(usage, { gen_ai_token_type: "output" })), 20);
    assert.deepEqual(at("gen_ai_server_time_to_first_token_seconds_count"), [], "nothing was streamed");
  });

  it("time the first token and those after it of streamed answers", () => {
    const metrics = createMetrics();
    metrics.observe(fakeReport({ streamed: true, latencyMs: 231, firstByteMs: 41 }));
    const at = read(metrics.instruments);
    assert.equal(total(at("gen_ai_server_time_to_first_token_seconds_sum")), 0.041);
    assert.ok(Math.abs(total(at("gen_ai_server_time_per_output_token_seconds_sum")) - 0.01) < 1e-12);
    assert.equal(total(at("gen_ai_client_operation_time_to_first_chunk_seconds_sum")), 0.04);
  });

  it("keep guesses of tokens, unknown costs, cache hits and copies apart", () => {
    const metrics = createMetrics();
    metrics.observe(
      fakeReport({ costNano: null, usage: { ...NO_USAGE, input: 9, output: 4, estimated: true } }),
    );
    metrics.observe(fakeReport({ usage: { ...NO_USAGE, input: 9, cacheRead: 8, output: 4, reasoning: 3 } }));
    metrics.observe(fakeReport({ cached: true, costNano: 0, attemptsMade: [], usage: NO_USAGE }));
    metrics.observe(fakeReport({ mirrorOf: "entry", costNano: 5_000_000_000 }));
    const at = read(metrics.instruments);
    assert.equal(total(at("homegrown_cost_unknown_total")), 1);
    assert.equal(total(at("homegrown_cost_usd_total", { homegrown_mirrored: "true" })), 5);
    assert.equal(total(at("homegrown_cache_hits_total")), 1);
    const kinds = at("homegrown_tokens_total").map(({ labels, value }) => [
      labels["homegrown_token_kind"],
      value,
    ]);
    assert.deepEqual(kinds, [
      ["estimated_input", 9],
      ["estimated_output", 4],
      ["cache_read", 8],
      ["reasoning", 3],
    ]);
    const inputs = at("gen_ai_client_token_usage_count", { gen_ai_token_type: "input" });
    assert.equal(total(inputs), 2, "of the two that were reported");
  });

  it("count refusals by their reason, those that never reached the core included", () => {
    const metrics = createMetrics();
    const refused = { outcome: "refused", target: undefined, costNano: 0 } as const;
    const error = { kind: "overloaded", message: "" };
    metrics.observe(fakeReport({ ...refused, errorCode: "gateway/budget-exhausted" }));
    metrics.observeExchange(
      fakeRecord({ status: 429, inputTokens: 0, error: { ...error, code: "gateway/budget-exhausted" } }),
    );
    const { inputTokens: _, ...early } = fakeRecord({ status: 401, route: "/v1/messages" });
    metrics.observeExchange({
      ...early,
      error: { code: "gateway/key-missing", kind: "unauthenticated", message: "" },
    });
    const at = read(metrics.instruments);
    assert.deepEqual(
      at("homegrown_refusals_total").map(({ labels, value }) => [labels["error_type"], value]),
      [
        ["gateway/budget-exhausted", 1],
        ["gateway/key-missing", 1],
      ],
    );
    assert.equal(total(at("http_server_request_duration_seconds_count")), 2);
  });

  it("never show names that clients make up, and stay small under ten thousand of them", () => {
    const metrics = createMetrics();
    const marker = "made-up";
    for (let i = 0; i < 10_000; i++) {
      const alias = `${marker}-${i}`;
      metrics.observe(
        fakeReport({ alias, outcome: "refused", target: undefined, errorCode: "gateway/model-not-found" }),
      );
      // A provider whose every model may be asked for: it says itself that there is none.
      metrics.observe(
        fakeReport({
          alias: `hosted/${alias}`,
          outcome: "failed",
          errorCode: "gateway/upstream-not-found",
          target: fakeTarget(`hosted/${alias}`),
        }),
      );
    }
    const text = renderPrometheus(metrics.instruments, {});
    assert.ok(!text.includes(marker));
    const { samples } = parsePrometheus(text);
    assert.ok(samples.length < 200, `${samples.length} samples`);
    const at = read(metrics.instruments);
    assert.equal(total(at("gen_ai_server_request_duration_seconds_count")), 20_000);
    assert.equal(
      total(at("gen_ai_client_operation_duration_seconds_count", { homegrown_target: "hosted/_other" })),
      10_000,
    );
  });

  it("show a name that nobody configured once it was answered, and only so many", () => {
    const metrics = createMetrics();
    for (let i = 0; i < 1000; i++) {
      const target = fakeTarget(`hosted/real-${i}`);
      metrics.observe(fakeReport({ alias: target.id, target }));
    }
    const at = read(metrics.instruments);
    const counts = at("gen_ai_server_request_duration_seconds_count");
    assert.equal(counts.length, 501);
    assert.equal(total(counts), 1000);
    assert.equal(
      total(at("gen_ai_server_request_duration_seconds_count", { gen_ai_request_model: "_other" })),
      500,
    );
  });
});
