// The text that Prometheus reads, by OpenTelemetry's rules for names: dots become underscores, the unit is
// appended, counters end in `_total`.
// https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
// https://prometheus.io/docs/instrumenting/exposition_formats/
import type { AttributeValue, Attributes, HistogramPoint, Instrument } from "./instruments.ts";

export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const UNITS: Readonly<Record<string, string>> = { s: "seconds", By: "bytes", USD: "usd", "1": "ratio" };

/** @param common put on every series. */
export function renderPrometheus(
  instruments: readonly Instrument[],
  resource: Attributes,
  common: Attributes = {},
): string {
  const all = labelList(common);
  const toLabels = (attributes: Attributes, last = ""): string => {
    const list = [all, labelList(attributes), last].filter((part) => part !== "").join(",");
    return list === "" ? "" : `{${list}}`;
  };
  const lines = [
    "# HELP target_info Who answers",
    "# TYPE target_info gauge",
    `target_info${toLabels(resource)} 1`,
  ];
  for (const instrument of instruments) {
    const name = toPrometheusName(instrument);
    lines.push(`# HELP ${name} ${escapeHelp(instrument.definition.description)}`);
    lines.push(`# TYPE ${name} ${instrument.kind}`);
    if (instrument.kind === "histogram") {
      for (const point of instrument.read())
        addHistogram(lines, name, { ...point, bounds: instrument.bounds }, toLabels);
    } else {
      for (const { attributes, value } of instrument.read()) {
        lines.push(`${name}${toLabels(attributes)} ${toNumber(value)}`);
      }
    }
  }
  return `${lines.join("\n")}\n`;
}

export function toPrometheusName({ kind, definition: { name, unit } }: Instrument): string {
  let plain = toWord(name);
  // A gauge of unit 1 is a ratio; a counter of it only counts.
  const suffix = unit === "1" && kind !== "gauge" ? undefined : UNITS[unit];
  if (suffix !== undefined && !plain.endsWith(`_${suffix}`)) plain += `_${suffix}`;
  return kind === "counter" ? `${plain}_total` : plain;
}

function addHistogram(
  lines: string[],
  name: string,
  { attributes, counts, sum, count, bounds }: HistogramPoint & { bounds: readonly number[] },
  toLabels: (attributes: Attributes, last?: string) => string,
): void {
  let below = 0;
  for (let bucket = 0; bucket <= bounds.length; bucket++) {
    below += counts[bucket]!;
    const bound = bucket === bounds.length ? "+Inf" : String(bounds[bucket]);
    lines.push(`${name}_bucket${toLabels(attributes, `le="${bound}"`)} ${below}`);
  }
  lines.push(`${name}_sum${toLabels(attributes)} ${toNumber(sum)}`);
  lines.push(`${name}_count${toLabels(attributes)} ${count}`);
}

function labelList(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${toWord(name)}="${escapeLabel(value)}"`)
    .join(",");
}

function toWord(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, "_");
}

function escapeLabel(value: AttributeValue): string {
  return String(value).replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));
}

function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (char) => (char === "\n" ? "\\n" : "\\\\"));
}

function toNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
}
