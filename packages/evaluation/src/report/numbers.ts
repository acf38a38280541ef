import type { Interval } from "@homegrown/contracts";

const grouped = new Intl.NumberFormat("en-US");

/** 2202624 → "2,202,624" */
export function toCount(value: number): string {
  return grouped.format(Math.round(value));
}

/** 2202624 → "2.2 M" */
export function toShort(value: number): string {
  for (const [size, suffix] of [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (value >= size) return `${(value / size).toFixed(value / size < 100 ? 1 : 0)} ${suffix}`;
  }
  return toCount(value);
}

export function toBytes(value: number): string {
  return value < 1000 ? `${value} B` : `${toShort(value)}B`;
}

/** 4.25 → "4.3 s", 165 → "2:45 min", 9000 → "2.5 h" */
export function toDuration(seconds: number): string {
  if (seconds < 59.5) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds >= 7200) return `${(seconds / 3600).toFixed(1)} h`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
}

export function toPercent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** "1.163 (95 %: 1.102 – 1.231)" */
export function toInterval({ value, low, high, confidence }: Interval, show: (x: number) => string): string {
  return `${show(value)} (${toPercent(confidence)}: ${show(low)} – ${show(high)})`;
}

/** 0.00012 → "1.2e-4" */
export function toScientific(value: number): string {
  return value === 0 ? "0" : value.toExponential(1);
}
