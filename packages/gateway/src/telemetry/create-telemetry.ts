// What is seen of the gateway from outside. One set of counters with two ways out: text for Prometheus, and OTLP
// pushed to a collector; spans go the second way only.
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { HomegrownError } from "@homegrown/contracts";
import type { GatewayConfig } from "../config/gateway-config.ts";
import type { RequestReport } from "../core/request-report.ts";
import type { RequestTrace } from "../core/request-trace.ts";
import type { RequestRecord } from "../server/request-record.ts";
import type { RequestObserver } from "../server/start-server.ts";
import { createGatewayMetrics } from "./gateway-metrics.ts";
import type { GatewayStatus } from "./gateway-metrics.ts";
import { Observed, one } from "./instruments.ts";
import type { Attributes, Instrument } from "./instruments.ts";
import { KnownNames } from "./known-names.ts";
import { OtlpExporter } from "./otlp-exporter.ts";
import { OtlpSender } from "./otlp-sender.ts";
import { createProcessMetrics } from "./process-metrics.ts";
import { renderPrometheus } from "./prometheus-text.ts";
import { RequestMetrics } from "./request-metrics.ts";
import { RequestTracer } from "./request-tracer.ts";

export interface TelemetryDependencies {
  status: GatewayStatus;
  /** Whether the configuration, or the own models, name it; asked for each request. */
  isConfigured: (alias: string) => boolean;
  onFault: (error: unknown) => void;
  /** Where secrets are looked up. Default: the process's. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Default 5 s. */
  spansIntervalMs?: number;
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

/** Throws `gateway/secret-missing` for a header whose environment variable is not set. */
export function createTelemetry(
  config: GatewayConfig["telemetry"],
  dependencies: TelemetryDependencies,
): Telemetry {
  const { status, isConfigured } = dependencies;
  const resource: Attributes = {
    "service.name": config.serviceName,
    "service.instance.id": randomUUID(),
    "process.pid": process.pid,
    "process.runtime.name": "nodejs",
    "process.runtime.version": process.versions.node,
  };
  const names = new KnownNames(isConfigured);
  const requests = new RequestMetrics(names);
  const ofProcess = createProcessMetrics();
  const instruments: Instrument[] = [
    ...requests.instruments,
    ...createGatewayMetrics(status, names),
    ...ofProcess.instruments,
  ];
  const exporter = createExporter(config, dependencies, resource, instruments);
  if (exporter) instruments.push(...exporterMetrics(exporter));
  const tracer = new RequestTracer({
    sampleRatio: config.traceSampleRatio,
    export: exporter && ((spans) => exporter.addSpans(spans)),
  });
  return {
    observe: (report) => requests.observe(report),
    begin: (headers: IncomingHttpHeaders) => tracer.begin(headers),
    end(record: RequestRecord, trace: RequestTrace | undefined) {
      requests.observeExchange(record);
      if (trace) tracer.end(record, trace);
    },
    renderPrometheus: () => renderPrometheus(instruments, resource),
    async close(timeoutMs = CLOSE_TIMEOUT_MS) {
      await exporter?.close(timeoutMs);
      ofProcess.close();
    },
  };
}

function createExporter(
  config: GatewayConfig["telemetry"],
  { onFault, environment = process.env, spansIntervalMs }: TelemetryDependencies,
  resource: Attributes,
  instruments: readonly Instrument[],
): OtlpExporter | undefined {
  const { otlpEndpoint, otlpHeaders, metricsIntervalMs } = config;
  if (otlpEndpoint === undefined) return undefined;
  const headers = Object.fromEntries(
    Object.entries(otlpHeaders).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === "string" ? value : readSecret(name, value.env, environment),
    ]),
  );
  return new OtlpExporter({
    sender: new OtlpSender({ endpoint: otlpEndpoint, headers }),
    resource,
    instruments,
    metricsIntervalMs,
    onFault,
    ...(spansIntervalMs !== undefined && { spansIntervalMs }),
  });
}

function exporterMetrics(exporter: OtlpExporter): Instrument[] {
  return [
    new Observed(
      "counter",
      {
        name: "homegrown.telemetry.dropped_spans",
        unit: "{span}",
        description: "Spans that no collector took",
      },
      () => one(exporter.droppedSpans),
    ),
    new Observed(
      "counter",
      {
        name: "homegrown.telemetry.failed_exports",
        unit: "{export}",
        description: "Exports that failed, by signal",
      },
      () => exporter.failures,
    ),
  ];
}

function readSecret(
  header: string,
  variable: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const secret = environment[variable]?.trim();
  if (secret !== undefined && /^[\x20-\x7e]+$/.test(secret)) return secret;
  throw new HomegrownError({
    code: "gateway/secret-missing",
    kind: "invalid-input",
    message: `The telemetry header ${header} takes its value from the environment variable ${variable}, which is ${secret ? "not one line of printable characters" : "not set"}.`,
    hint: `Set ${variable}, or take the header out of the configuration.`,
  });
}
