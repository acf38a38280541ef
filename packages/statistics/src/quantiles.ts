import { HomegrownError } from "@homegrown/contracts";

export function mean(values: readonly number[]): number {
  requireSome(values);
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * The `p`-quantile with linear interpolation between order statistics (type 7, as R and NumPy default to).
 * @see Hyndman and Fan, "Sample quantiles in statistical packages", The American Statistician 50 (1996)
 */
export function quantile(values: readonly number[], p: number): number {
  requireSome(values);
  if (!(p >= 0 && p <= 1)) {
    throw new HomegrownError({
      code: "statistics/bad-probability",
      kind: "invalid-input",
      message: `a quantile needs a probability from 0 to 1, got ${p}`,
      hint: "Pass a share such as 0.95, not a percentage.",
    });
  }
  return sortedQuantile(Float64Array.from(values).sort(), p);
}

/** The median distance from the median; times 1.4826 it estimates a normal sample's standard deviation. */
export function medianAbsoluteDeviation(values: readonly number[]): number {
  const centre = median(values);
  return median(values.map((value) => Math.abs(value - centre)));
}

/** `quantile` of values that are sorted already; for callers that need several. */
export function sortedQuantile(sorted: Float64Array, p: number): number {
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (position - below) * (high - low);
}

function requireSome(values: readonly number[]): void {
  if (values.length > 0) return;
  throw new HomegrownError({
    code: "statistics/no-data",
    kind: "invalid-input",
    message: "a statistic of nothing was asked for: 0 values, expected at least 1",
    hint: "Check that the step before measured something.",
  });
}
