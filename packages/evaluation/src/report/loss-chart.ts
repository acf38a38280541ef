// The loss curve as inline SVG. Lines live in a stretched inner <svg>, labels outside it in percentages,
// so that text keeps its size on a phone and on a desk.
import { escapeHtml } from "./escape.ts";
import { toCount, toShort } from "./numbers.ts";

type Point = readonly [step: number, loss: number];

const MAX_POINTS = 400;
const HEIGHT = 280;

export function renderLossChart(training: readonly Point[], heldOut: readonly Point[]): string {
  const train = thin(finite(training));
  const held = finite(heldOut);
  const all = [...train, ...held];
  if (all.length === 0) return "";
  const steps = toTicks(0, Math.max(1, ...all.map(([step]) => step)), 5);
  const losses = toTicks(
    Math.min(...all.map(([, loss]) => loss)),
    Math.max(...all.map(([, loss]) => loss)),
    8,
  );
  const [right, bottom, top] = [Math.max(1, ...all.map(([step]) => step)), losses[0]!, losses.at(-1)!];
  const x = (step: number): number => (100 * step) / right;
  const y = (loss: number): number => (100 * (top - loss)) / (top - bottom || 1);
  const description = `Loss by step: training ${range(training)}${held.length > 0 ? `, held-out ${range(held)}` : ""}.`;
  return `<div class="chart"><svg role="img" aria-label="${escapeHtml(description)}" height="${HEIGHT}">
<title>${escapeHtml(description)}</title>
${losses.map((loss) => `<line class="grid" x1="0" x2="100%" y1="${pct(y(loss))}" y2="${pct(y(loss))}"/><text x="-8" y="${pct(y(loss))}" dy="4" text-anchor="end">${loss.toFixed(decimals(losses))}</text>`).join("\n")}
${steps
  .filter((step) => step <= right)
  .map((step) => `<text x="${pct(x(step))}" y="100%" dy="18" text-anchor="middle">${toTick(step)}</text>`)
  .join("\n")}
<line class="axis" x1="0" x2="100%" y1="100%" y2="100%"/><line class="axis" x1="0" x2="0" y1="0" y2="100%"/>
<text x="50%" y="100%" dy="38" text-anchor="middle">step</text>
<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%" overflow="visible">
${path("train", train, x, y)}${path("held-out", held, x, y)}
</svg>
${held.map(([step, loss]) => `<circle class="dot" cx="${pct(x(step))}" cy="${pct(y(loss))}" r="3"><title>step ${toCount(step)}: ${loss.toFixed(3)}</title></circle>`).join("")}
</svg></div>`;
}

function path(
  name: string,
  points: readonly Point[],
  x: (s: number) => number,
  y: (l: number) => number,
): string {
  if (points.length === 0) return "";
  const line = points.map(([step, loss]) => `${x(step).toFixed(2)} ${y(loss).toFixed(2)}`).join("L");
  return `<path class="${name}" d="M${line}"/>`;
}

/** Neighbours averaged until the curve fits the screen. */
function thin(points: readonly Point[]): Point[] {
  const size = Math.ceil(points.length / MAX_POINTS);
  const thinned: Point[] = [];
  for (let start = 0; start < points.length; start += size) {
    const group = points.slice(start, start + size);
    const centre = (pick: (point: Point) => number): number =>
      group.reduce((sum, point) => sum + pick(point), 0) / group.length;
    thinned.push([centre(([step]) => step), centre(([, loss]) => loss)]);
  }
  return thinned;
}

/** Round values from at most `low` to at least `high`, about `count` of them. */
export function toTicks(low: number, high: number, count: number): number[] {
  const rough = (high - low || Math.abs(high) || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.999)!;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

function decimals(ticks: readonly number[]): number {
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : 1;
  return Math.max(0, Math.min(4, Math.ceil(-Math.log10(step) + (step < 1 ? 0.5 : 0))));
}

function toTick(step: number): string {
  return step >= 10_000 ? toShort(step).replace(".0 ", " ") : toCount(step);
}

function finite(points: readonly Point[]): Point[] {
  return points.filter(([step, loss]) => Number.isFinite(step) && Number.isFinite(loss));
}

function range(points: readonly Point[]): string {
  return points.length === 0 ? "none" : `from ${points[0]![1].toFixed(3)} to ${points.at(-1)![1].toFixed(3)}`;
}

function pct(value: number): string {
  return `${value.toFixed(2)}%`;
}
