// The second way out, loaded only where a collector is configured.
import { HomegrownError } from "@homegrown/contracts";
import type { GatewayConfig } from "../config/gateway-config.ts";
import type { RequestRecord } from "../server/request-record.ts";
import { Observed, one } from "./instruments.ts";
import type { Attributes, Instrument } from "./instruments.ts";
import { OtlpExporter } from "./otlp-exporter.ts";
import { OtlpSender } from "./otlp-sender.ts";
import { toSpans } from "./request-spans.ts";
import type { SampledRequest } from "./request-spans.ts";

export interface OtlpPush {
  exportRequest(record: RequestRecord, trace: SampledRequest, now: number): void;
  /** About the exports themselves. */
  instruments: Instrument[];
  close(timeoutMs: number): Promise<void>;
}

export interface OtlpPushOptions {
  endpoint: string;
  config: Pick<GatewayConfig["telemetry"], "otlpHeaders" | "metricsIntervalMs">;
  resource: Attributes;
  /** Read when they are sent, so more may still be added. */
  instruments: readonly Instrument[];
  onFault: (error: unknown) => void;
  environment: Readonly<Record<string, string | undefined>>;
}

/** Throws `gateway/secret-missing` for a header whose environment variable is not set. */
export function startOtlpPush(options: OtlpPushOptions): OtlpPush {
  const { endpoint, config, resource, instruments, onFault, environment } = options;
  const headers = Object.fromEntries(
    Object.entries(config.otlpHeaders).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === "string" ? value : readSecret(name, value.env, environment),
    ]),
  );
  const exporter = new OtlpExporter({
    sender: new OtlpSender({ endpoint, headers }),
    resource,
    instruments,
    metricsIntervalMs: config.metricsIntervalMs,
    onFault,
  });
  return {
    exportRequest: (record, trace, now) => exporter.addSpans(toSpans(record, trace, now)),
    instruments: aboutExports(exporter),
    close: (timeoutMs) => exporter.close(timeoutMs),
  };
}

function aboutExports(exporter: OtlpExporter): Instrument[] {
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

function readSecret(header: string, variable: string, environment: OtlpPushOptions["environment"]): string {
  const secret = environment[variable]?.trim();
  if (secret !== undefined && /^[\x20-\x7e]+$/.test(secret)) return secret;
  throw new HomegrownError({
    code: "gateway/secret-missing",
    kind: "invalid-input",
    message: `The telemetry header ${header} takes its value from the environment variable ${variable}, which is ${secret ? "not one line of printable characters" : "not set"}.`,
    hint: `Set ${variable}, or take the header out of the configuration.`,
  });
}
