// What is seen of the gateway from outside. One set of counters with two ways out: text for Prometheus, and OTLP
// pushed to a collector; spans go the second way only.
import { randomUUID } from "node:crypto";
import type { GatewayConfig } from "../config/gateway-config.ts";
import type { RequestReport } from "../core/request-report.ts";
import type { RequestObserver } from "../server/start-server.ts";
import { createGatewayMetrics } from "./gateway-metrics.ts";
import type { GatewayStatus } from "./gateway-metrics.ts";
import type { Attributes, Instrument } from "./instruments.ts";
import { KnownNames } from "./known-names.ts";
import { createProcessMetrics } from "./process-metrics.ts";
import { renderPrometheus } from "./prometheus-text.ts";
import { RequestMetrics } from "./request-metrics.ts";
import { RequestTracer } from "./request-tracer.ts";

export interface TelemetryDependencies {
  status: GatewayStatus;
  /** Whether the configuration, or the own models, name it; asked for each request. */
  isConfigured: (alias: string) => boolean;
  /** Told of exports that fail, at most once a minute. */
  onFault: (error: unknown) => void;
  /** Where secrets are looked up. Default: the process's. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Put on every series for Prometheus, where several processes answer on one port in turn. */
  prometheusLabels?: Attributes;
}

export interface Telemetry extends RequestObserver {
  /** For the core: once for each request. Never throws. */
  observe(report: RequestReport): void;
  /** All metrics as Prometheus reads them. */
  renderPrometheus(): string;
  /** Sends what waits, within `timeoutMs` (default 2 s). */
  close(timeoutMs?: number): Promise<void>;
}

const CLOSE_TIMEOUT_MS = 2_000;

/** Rejects with `gateway/secret-missing` for a header whose environment variable is not set. */
export async function createTelemetry(
  config: GatewayConfig["telemetry"],
  dependencies: TelemetryDependencies,
): Promise<Telemetry> {
  const { status, isConfigured, onFault, environment = process.env, prometheusLabels = {} } = dependencies;
  const resource: Attributes = {
    "service.name": config.serviceName,
    "service.instance.id": randomUUID(),
    "process.pid": process.pid,
    "process.runtime.name": "nodejs",
    "process.runtime.version": process.versions.node,
  };
  const instruments: Instrument[] = [];
  const push = await startPush(config, { resource, instruments, onFault, environment });
  const names = new KnownNames(isConfigured);
  const requests = new RequestMetrics(names);
  const ofProcess = createProcessMetrics();
  instruments.push(
    ...requests.instruments,
    ...createGatewayMetrics(status, names),
    ...ofProcess.instruments,
    ...(push?.instruments ?? []),
  );
  const tracer = new RequestTracer({ sampleRatio: config.traceSampleRatio, export: push?.exportRequest });
  return {
    observe: (report) => requests.observe(report),
    begin: (headers) => tracer.begin(headers),
    end(record, trace) {
      requests.observeExchange(record);
      if (trace) tracer.end(record, trace);
    },
    renderPrometheus: () => renderPrometheus(instruments, resource, prometheusLabels),
    async close(timeoutMs = CLOSE_TIMEOUT_MS) {
      await push?.close(timeoutMs);
      ofProcess.close();
    },
  };
}

async function startPush(
  config: GatewayConfig["telemetry"],
  given: Pick<
    import("./otlp-push.ts").OtlpPushOptions,
    "resource" | "instruments" | "onFault" | "environment"
  >,
): Promise<import("./otlp-push.ts").OtlpPush | undefined> {
  const { otlpEndpoint } = config;
  if (otlpEndpoint === undefined) return undefined;
  const { startOtlpPush } = await import("./otlp-push.ts");
  return startOtlpPush({ ...given, config, endpoint: otlpEndpoint });
}
