import type { Interval, ReportCard } from "@homegrown/contracts";
import { escapeHtml as esc } from "./escape.ts";

type Baseline = ReportCard["heldOut"]["baselines"][number];

/** The version and its baselines, best first, on one scale that starts at zero. */
export function renderBaselineBars(version: string, own: Interval, baselines: readonly Baseline[]): string {
  const scale = Math.max(own.high, ...baselines.map((one) => one.bitsPerByte));
  const bars = [
    {
      value: own.value,
      html: bar({ kind: "own", name: version, note: "this version", value: own.value, scale, interval: own }),
    },
    ...baselines.map((one) => ({
      value: one.bitsPerByte,
      html: bar({
        kind: one.primed ? "primed" : "",
        name: one.name,
        note: one.note,
        value: one.bitsPerByte,
        scale,
      }),
    })),
  ].sort((a, b) => a.value - b.value);
  const keys = [
    '<li><i class="own"></i>this version</li><li><i class="range"></i>its interval</li>',
    baselines.some((one) => one.primed) ? '<li><i class="primed"></i>has seen the training text</li>' : "",
    baselines.some((one) => !one.primed) ? "<li><i></i>has seen nothing before</li>" : "",
  ];
  return `${bars.map(({ html }) => html).join("")}<ul class="keys">${keys.join("")}</ul>`;
}

export function renderShareBar(name: string, share: Interval, note: string): string {
  const shown = `${(100 * share.value).toFixed(0)} %`;
  return bar({ kind: "own", name, note, value: share.value, scale: 1, interval: share, shown });
}

function bar(options: {
  kind: string;
  name: string;
  note: string;
  value: number;
  scale: number;
  interval?: Interval;
  shown?: string;
}): string {
  const { kind, name, note, value, scale, interval, shown = value.toFixed(3) } = options;
  const share = (x: number): string => `${((100 * x) / scale).toFixed(2)}%`;
  const whisker = interval
    ? `<span class="whisker" style="left:${share(interval.low)};width:${share(interval.high - interval.low)}"></span>`
    : "";
  return `<div class="bar ${kind}"><span class="name">${esc(name)}<small>${esc(note)}</small></span><span class="track"><span class="fill" style="width:${share(value)}"></span>${whisker}</span><span class="value">${esc(shown)}</span></div>`;
}
