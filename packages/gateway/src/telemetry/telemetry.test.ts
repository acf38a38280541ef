// A gateway between a provider and a collector, all on loopback: what leaves it, field by field.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { ProviderUpstream } from "@homegrown/testing";
import { startGateway } from "../index.ts";
import type { Gateway, RequestRecord } from "../index.ts";
import type { OtlpAttribute, OtlpSpan } from "./otlp-json.ts";
import { parsePrometheus } from "./prometheus-parser.fixture.ts";
import { parseTraceparent } from "./trace-context.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const PARENT_ID = "b7ad6b7169203331";
const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`;
const PROMPT = "PROMPT-marker-4711";
const ANSWER = "ANSWER-marker-4711";
const CLIENT_KEY = "sk-CLIENT-marker-4711";
const PROVIDER_KEY = "sk-PROVIDER-marker-4711";
const COLLECTOR_KEY = "COLLECTOR-marker-4711";
const MARKERS = [PROMPT, ANSWER, CLIENT_KEY, PROVIDER_KEY, COLLECTOR_KEY];

const WHOLE = {
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    id: "x",
    object: "chat.completion",
    created: 1,
    model: "small-0613",
    choices: [{ index: 0, message: { role: "assistant", content: ANSWER }, finish_reason: "stop" }],
    usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
  }),
};

type Metric = {
  name: string;
  unit: string;
  sum?: { dataPoints: Point[]; aggregationTemporality: number; isMonotonic: boolean };
  gauge?: { dataPoints: Point[] };
  histogram?: { dataPoints: Point[]; aggregationTemporality: number };
};
interface Point {
  attributes: OtlpAttribute[];
  startTimeUnixNano: string;
  timeUnixNano: string;
  asDouble?: number;
  count?: number;
  sum?: number;
  bucketCounts?: number[];
  explicitBounds?: number[];
}
type Exported<Signal> = { resource: { attributes: OtlpAttribute[] } } & Signal;

const toObject = (attributes: readonly OtlpAttribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

async function ask(
  gateway: Gateway,
  body: object,
  headers: object = {},
  path = "/v1/chat/completions",
): Promise<string> {
  const answer = await fetch(gateway.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${CLIENT_KEY}`, ...headers },
    body: JSON.stringify({
      model: "fast",
      max_tokens: 50,
      messages: [{ role: "user", content: PROMPT }],
      ...body,
    }),
  });
  return answer.text();
}

const chunk = (rest: object): string =>
  `data: ${JSON.stringify({ id: "x", object: "chat.completion.chunk", created: 1, model: "m", ...rest })}\n\n`;

describe("telemetry of a running gateway", () => {
  const upstream = new ProviderUpstream();
  const collector = new ProviderUpstream();
  let upstreamUrl: string;
  let collectorUrl: string;
  let records: RequestRecord[];

  before(async () => {
    process.env["TELEMETRY_TEST_KEY"] = PROVIDER_KEY;
    process.env["TELEMETRY_TEST_COLLECTOR"] = COLLECTOR_KEY;
    upstreamUrl = await upstream.start();
    collectorUrl = await collector.start();
  });
  after(async () => {
    await upstream.stop();
    await collector.stop();
  });
  beforeEach(() => {
    records = [];
    upstream.script(WHOLE);
    collector.script({ body: "{}" });
  });

  function start(telemetry: object = {}): Promise<Gateway> {
    return startGateway({
      config: {
        providers: {
          gone: { kind: "openai-compatible", baseUrl: "http://127.0.0.1:1/v1" },
          hosted: {
            kind: "openai-compatible",
            baseUrl: `${upstreamUrl}/v1`,
            apiKey: { env: "TELEMETRY_TEST_KEY" },
            models: {
              small: { price: { inputUsdPerMillion: 1, outputUsdPerMillion: 2, asOf: "2026-11-01" } },
            },
          },
        },
        routes: { fast: "hosted/small", both: ["gone/large", "hosted/small"] },
        telemetry: {
          otlpEndpoint: collectorUrl,
          otlpHeaders: { authorization: { env: "TELEMETRY_TEST_COLLECTOR" } },
          traceSampleRatio: 1,
          ...telemetry,
        },
      },
      onRequest: (record) => records.push(record),
      onFault: () => {},
    });
  }

  const spansSeen = (): OtlpSpan[] =>
    collector.requests
      .filter(({ path }) => path === "/v1/traces")
      .flatMap(
        ({ body }) =>
          (body as { resourceSpans: Exported<{ scopeSpans: { spans: OtlpSpan[] }[] }>[] }).resourceSpans,
      )
      .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));

  function metricsSeen(): { metrics: Metric[]; resource: Record<string, unknown> } {
    const { body } = collector.requests.findLast(({ path }) => path === "/v1/metrics")!;
    const [only] = (body as { resourceMetrics: Exported<{ scopeMetrics: { metrics: Metric[] }[] }>[] })
      .resourceMetrics;
    return { metrics: only!.scopeMetrics[0]!.metrics, resource: toObject(only!.resource.attributes) };
  }

  it("exports a passed-through request as two spans, and tells provider and log of the trace", async () => {
    const gateway = await start();
    await ask(gateway, {}, { traceparent: TRACEPARENT, "x-request-id": "mine-1" });
    await gateway.close();
    const [server, client, ...rest] = spansSeen();
    assert.deepEqual(rest, []);
    assert.equal(server!.traceId, TRACE_ID);
    assert.equal(server!.parentSpanId, PARENT_ID);
    assert.equal(server!.kind, 2);
    assert.deepEqual(server!.status, {});
    assert.equal(client!.kind, 3);
    assert.equal(client!.name, "chat small");
    assert.equal(client!.parentSpanId, server!.spanId);
    assert.ok(BigInt(client!.startTimeUnixNano) >= BigInt(server!.startTimeUnixNano));
    assert.ok(BigInt(client!.endTimeUnixNano) <= BigInt(server!.endTimeUnixNano));
    assert.ok(BigInt(client!.endTimeUnixNano) > BigInt(client!.startTimeUnixNano));
    assert.deepEqual(toObject(server!.attributes), {
      "http.request.method": "POST",
      "http.route": "/v1/chat/completions",
      "http.response.status_code": 200,
      "url.scheme": "http",
      "homegrown.request.id": "mine-1",
      "homegrown.key.id": "local",
      "homegrown.outcome": "completed",
      "homegrown.alias": "fast",
      "homegrown.attempts": 1,
      "homegrown.cached": false,
      "homegrown.cost.usd": 0.000025,
    });
    assert.deepEqual(toObject(client!.attributes), {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai-compatible",
      "gen_ai.request.model": "small",
      "gen_ai.response.model": "small",
      "server.address": "127.0.0.1",
      "server.port": Number(new URL(upstreamUrl).port),
      "homegrown.target": "hosted/small",
      "homegrown.attempt": 1,
      "homegrown.passed_through": true,
      "gen_ai.usage.input_tokens": 11,
      "gen_ai.usage.output_tokens": 7,
    });
    const forwarded = parseTraceparent(upstream.requests[0]!.headers["traceparent"])!;
    assert.deepEqual(forwarded, { traceId: TRACE_ID, spanId: client!.spanId, sampled: true });
    const [record] = records;
    assert.equal(record!.traceId, TRACE_ID);
    assert.equal(record!.costUsd, 0.000025);
    assert.equal(record!.target, "hosted/small");
    assert.equal(collector.requests[0]!.headers["authorization"], COLLECTOR_KEY);
  });

  it("passes the trace on through a translation, too", async () => {
    const gateway = await start();
    await ask(gateway, {}, { traceparent: TRACEPARENT }, "/v1/messages");
    await gateway.close();
    const client = spansSeen().find(({ kind }) => kind === 3)!;
    assert.equal(toObject(client.attributes)["homegrown.passed_through"], false);
    const forwarded = parseTraceparent(upstream.requests[0]!.headers["traceparent"])!;
    assert.equal(forwarded.spanId, client.spanId);
  });

  it("shows when the first chunk of a stream came, and what the whole cost", async () => {
    const choice = { index: 0, delta: { content: ANSWER }, finish_reason: null };
    const end = { index: 0, delta: {}, finish_reason: "stop" };
    const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
    upstream.script({
      headers: { "content-type": "text/event-stream" },
      body: `${chunk({ choices: [choice] })}${chunk({ choices: [end] })}${chunk({ choices: [], usage })}data: [DONE]\n\n`,
    });
    const gateway = await start();
    assert.ok((await ask(gateway, { stream: true })).includes(ANSWER));
    await gateway.close();
    const client = toObject(spansSeen().find(({ kind }) => kind === 3)!.attributes);
    assert.equal(client["gen_ai.request.stream"], true);
    assert.ok((client["gen_ai.response.time_to_first_chunk"] as number) > 0);
    assert.equal(client["gen_ai.usage.output_tokens"], 7);
    const { metrics } = metricsSeen();
    const first = metrics.find(({ name }) => name === "gen_ai.server.time_to_first_token")!;
    assert.equal(first.histogram!.dataPoints[0]!.count, 1);
  });

  it("shows each attempt of a request that a second target answered", async () => {
    const gateway = await start();
    assert.ok((await ask(gateway, { model: "both" })).includes(ANSWER));
    await gateway.close();
    const [server, ...attempts] = spansSeen();
    // Whoever refuses is asked again once, before the next.
    assert.ok(attempts.length >= 2);
    assert.equal(toObject(server!.attributes)["homegrown.attempts"], attempts.length);
    const last = attempts.pop()!;
    for (const attempt of attempts) {
      assert.equal(attempt.name, "chat large");
      assert.equal(toObject(attempt.attributes)["error.type"], "gateway/upstream-refused");
      assert.deepEqual(attempt.status, { code: 2 });
    }
    assert.equal(last.name, "chat small");
    assert.deepEqual(last.status, {});
    assert.deepEqual(server!.status, {}, "the client noticed nothing");
    const told = parseTraceparent(upstream.requests[0]!.headers["traceparent"])!;
    assert.equal(told.spanId, last.spanId);
    assert.equal(told.traceId, server!.traceId);
    assert.equal(records[0]!.traceId, server!.traceId);
  });

  it("counts the same for Prometheus, the collector and the log", async () => {
    const gateway = await start();
    for (let i = 0; i < 5; i++) await ask(gateway, {});
    upstream.script({ status: 400, headers: WHOLE.headers, body: '{"error":{"message":"no"}}' });
    await ask(gateway, {});
    await ask(gateway, { model: PROMPT });
    await ask(gateway, { messages: PROMPT });
    const page = await fetch(`${gateway.url}/metrics`);
    assert.match(page.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
    const { samples } = parsePrometheus(await page.text());
    const total = (name: string, labels: object = {}): number =>
      samples
        .filter((sample) => sample.name === name)
        .filter(({ labels: has }) => Object.entries(labels).every(([key, value]) => has[key] === value))
        .reduce((sum, { value }) => sum + value, 0);
    assert.equal(total("gen_ai_server_request_duration_seconds_count"), 7);
    assert.equal(
      total("gen_ai_server_request_duration_seconds_count", { homegrown_outcome: "completed" }),
      5,
    );
    assert.equal(total("gen_ai_client_operation_duration_seconds_count"), 6);
    assert.equal(total("gen_ai_client_token_usage_sum", { gen_ai_token_type: "input" }), 55);
    assert.equal(total("gen_ai_client_token_usage_sum", { gen_ai_token_type: "output" }), 35);
    assert.ok(Math.abs(total("homegrown_cost_usd_total") - 5 * 0.000025) < 1e-12);
    assert.equal(total("homegrown_refusals_total"), 2);
    assert.equal(total("http_server_request_duration_seconds_count"), 8);
    assert.equal(total("homegrown_requests_active"), 1, "the scrape itself");
    assert.equal(total("homegrown_target_breaker", { homegrown_target: "hosted/small" }), 0);
    assert.ok(total("process_memory_usage_bytes") > 1e7);
    assert.equal(records.length, 8 + 1);
    await gateway.close();

    const { metrics, resource } = metricsSeen();
    assert.equal(resource["service.name"], "homegrown-gateway");
    assert.match(String(resource["service.instance.id"]), /^[0-9a-f-]{36}$/);
    const points = (name: string): Point[] => {
      const metric = metrics.find((one) => one.name === name)!;
      return (metric.histogram ?? metric.sum ?? metric.gauge)!.dataPoints;
    };
    const duration = metrics.find(({ name }) => name === "gen_ai.server.request.duration")!;
    assert.equal(duration.unit, "s");
    assert.equal(duration.histogram!.aggregationTemporality, 2);
    const completed = duration.histogram!.dataPoints.find(
      ({ attributes }) => toObject(attributes)["homegrown.outcome"] === "completed",
    )!;
    assert.equal(completed.count, 5);
    assert.equal(completed.explicitBounds!.length, 14);
    assert.equal(completed.bucketCounts!.length, 15);
    assert.equal(
      completed.bucketCounts!.reduce((a, b) => a + b),
      5,
    );
    assert.ok(BigInt(completed.timeUnixNano) > BigInt(completed.startTimeUnixNano));
    assert.deepEqual(toObject(completed.attributes)["gen_ai.request.model"], "fast");
    const client = toObject(points("gen_ai.client.operation.duration")[0]!.attributes);
    assert.equal(client["server.port"], Number(new URL(upstreamUrl).port));
    const cost = metrics.find(({ name }) => name === "homegrown.cost")!;
    assert.equal(cost.unit, "USD");
    assert.equal(cost.sum!.isMonotonic, true);
    assert.ok(Math.abs(cost.sum!.dataPoints[0]!.asDouble! - 5 * 0.000025) < 1e-12);
    const exchanges = points("http.server.request.duration").reduce((sum, { count }) => sum + count!, 0);
    assert.equal(exchanges, 8 + 1);
  });

  it("lets no prompt, no answer and no key out", async () => {
    const gateway = await start();
    await ask(gateway, {});
    await ask(gateway, { model: PROMPT });
    await ask(gateway, { model: PROMPT, messages: PROMPT });
    await ask(gateway, { [PROMPT]: 1, metadata: { [PROMPT]: PROMPT }, user: PROMPT });
    upstream.script({
      status: 500,
      headers: WHOLE.headers,
      body: JSON.stringify({ error: { message: `${PROMPT} ${PROVIDER_KEY}`, code: PROMPT } }),
    });
    await ask(gateway, {}, { traceparent: PROMPT, tracestate: PROMPT, baggage: PROMPT });
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    await gateway.close();
    const bodies = [text, ...collector.requests.map(({ body }) => JSON.stringify(body))];
    assert.ok(spansSeen().length >= 5);
    for (const marker of MARKERS) {
      for (const body of bodies) assert.ok(!body.includes(marker), `${marker} is in an export`);
    }
    const lines = JSON.stringify(records.map(({ error: _, ...record }) => record));
    for (const marker of MARKERS) assert.ok(!lines.includes(marker), `${marker} is in the log`);
  });

  it("shows prompt and answer where whoever runs it asked for that", async () => {
    const gateway = await start({ logPrompts: true });
    await ask(gateway, {});
    await ask(gateway, { messages: [{ role: "user", content: "x".repeat(20_000) }] });
    await gateway.close();
    const [first, second] = records;
    assert.ok(first!.content!.request.includes(PROMPT));
    assert.ok(first!.content!.answer!.includes(ANSWER));
    assert.equal(second!.content!.request.length, 8192);
    const server = toObject(spansSeen().find(({ kind }) => kind === 2)!.attributes);
    assert.ok(String(server["homegrown.request.body"]).includes(PROMPT));
    assert.ok(String(server["homegrown.response.body"]).includes(ANSWER));
    for (const { body } of collector.requests) assert.ok(!JSON.stringify(body).includes(CLIENT_KEY));
  });

  it("serves requests as ever though the collector hangs, fails or is not there", async () => {
    for (const script of [{ ending: "hang" as const }, { status: 500 }]) {
      collector.script(script);
      const gateway = await start();
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask(gateway, {})));
      assert.ok(answers.every((answer) => answer.includes(ANSWER)));
      await gateway.close();
    }
    const gateway = await start({ otlpEndpoint: "http://127.0.0.1:1" });
    assert.ok((await ask(gateway, {})).includes(ANSWER));
    await gateway.close();
  });

  it("keeps metrics from strangers, and can leave them out", async () => {
    const gateway = await start({ prometheus: false });
    assert.equal((await fetch(`${gateway.url}/metrics`)).status, 404);
    await gateway.close();
  });

  it("does not start without the secret that a header names", async () => {
    await assert.rejects(start({ otlpHeaders: { "x-key": { env: "TELEMETRY_TEST_UNSET" } } }), {
      code: "gateway/secret-missing",
    });
  });
});
