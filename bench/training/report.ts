// The page bench/results/training-speed.md: every figure beside its ratio, processor and versions named.
import { cpus, totalmem } from "node:os";
import { FIXED_CORPUS_SHA256 } from "@homegrown/testing";

export interface Series {
  readonly name: string;
  readonly version: string;
  /** Tokens a second, one for each round, in order. */
  readonly tokensPerSecond: readonly number[];
  readonly peakBytes: number;
}

export interface ShapeResult {
  readonly shape: string;
  readonly description: string;
  readonly series: readonly Series[];
}

export const OURS = "Homegrown";
export const PRODUCTS = "products only";
export const EAGER = "PyTorch eager f32";
export const COMPILED = "PyTorch compile f32";
export const COMPILED_BF16 = "PyTorch compile bf16";

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Ours over the other, round by round, so that a slow minute of the machine counts on both sides. */
export function ratioOf(result: ShapeResult, other: string): number | undefined {
  const [a, b] = [OURS, other].map((name) => result.series.find((series) => series.name === name));
  if (a === undefined || b === undefined) return undefined;
  return median(a.tokensPerSecond.map((value, round) => value / b.tokensPerSecond[round]!));
}

function memoryRatio(result: ShapeResult): number | undefined {
  const [a, b] = [OURS, EAGER].map((name) => result.series.find((series) => series.name === name));
  return a === undefined || b === undefined ? undefined : a.peakBytes / b.peakBytes;
}

const format = (ratio: number | undefined): string => (ratio === undefined ? "–" : ratio.toFixed(2));

function minDefined(...values: readonly (number | undefined)[]): number | undefined {
  const present = values.filter((value) => value !== undefined);
  return present.length === 0 ? undefined : Math.min(...present);
}

export function renderPage(results: readonly ShapeResult[], command: string): string {
  const processor = cpus()[0]?.model ?? "unknown";
  const versions = new Set(results.flatMap(({ series }) => series.map(({ version }) => version)));
  const numRounds = results[0]?.series[0]?.tokensPerSecond.length ?? 0;
  const lines = [
    "# Training speed and memory, beside PyTorch",
    "",
    `${processor}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB; Node ${process.versions.node}; ${[...versions].join("; ")}.`,
    `Written by \`${command}\` on ${new Date().toISOString().slice(0, 10)}.`,
    "",
    `Whole optimizer steps (forward, backward, clipping, AdamW) of the same decoder with q/k norms, all cores, all sides resident and taking turns; medians of ${numRounds} rounds, ratios taken round by round. Peak memory is the process's largest resident size. The text is the fixed corpus (sha256 ${FIXED_CORPUS_SHA256.slice(0, 16)}…).`,
    "",
    "| shape | ours ÷ best PyTorch f32 (target 1.0) | ours ÷ compile + bf16 (target 0.8) | ours ÷ its matrix products (target 0.9) | peak memory ÷ PyTorch eager f32 (target ≤ 1.0) |",
    "|---|---|---|---|---|",
    ...results.map((result) =>
      [
        "",
        result.shape,
        format(minDefined(ratioOf(result, EAGER), ratioOf(result, COMPILED))),
        format(ratioOf(result, COMPILED_BF16)),
        format(ratioOf(result, PRODUCTS)),
        format(memoryRatio(result)),
        "",
      ]
        .join(" | ")
        .trim(),
    ),
    "",
    "| shape | contender | tokens/s, median | lowest – highest | peak memory, MB |",
    "|---|---|---|---|---|",
    ...results.flatMap(({ shape, series }) =>
      series.map(({ name, tokensPerSecond, peakBytes }) => {
        const range = `${Math.min(...tokensPerSecond).toFixed(0)} – ${Math.max(...tokensPerSecond).toFixed(0)}`;
        const middle = median(tokensPerSecond).toFixed(0);
        return `| ${shape} | ${name} | ${middle} | ${range} | ${(peakBytes / 1e6).toFixed(0)} |`;
      }),
    ),
    "",
    ...results.map(({ shape, description }) => `- ${shape}: ${description}`),
    "",
  ];
  return lines.join("\n");
}
