import type { ReportCard } from "@homegrown/contracts";

/** Points before this share of the run say more about the start than about the trend. */
const FIRST_SHARE = 0.1;
/** The decaying learning rate bends the end of the curve; the trend is read before it. */
const LAST_SHARE = 0.6;
const LEAST_POINTS = 3;
const MAX_READINGS = 4;

/**
 * Held-out bits per byte of a run `factor` times as long, from this run's curve: a power law in steps,
 * loss ∝ steps^-slope (Hestness et al. 2017, arXiv:1712.00409), fitted by least squares on logarithms.
 * The interval takes half of the slope and the whole slope: small models and little text flatten a curve,
 * they do not steepen it. Text read more than four times teaches little more (Muennighoff et al. 2023,
 * arXiv:2305.16264), so a longer run counts as four readings. Undefined when the curve has too few points
 * or does not fall.
 * @param textTokens tokens of the training text, read once
 */
export function extrapolateBitsPerByte(
  card: ReportCard,
  factor: number,
  textTokens: number,
): { low: number; high: number } | undefined {
  const curve = card.training?.heldOutCurve ?? [];
  const lastStep = curve.at(-1)?.[0] ?? 0;
  const points = curve
    .filter(
      ([step, loss]) =>
        step >= lastStep * FIRST_SHARE && step <= lastStep * LAST_SHARE && step > 0 && loss > 0,
    )
    .map(([step, loss]) => [Math.log(step), Math.log(loss)] as const);
  if (points.length < LEAST_POINTS) return undefined;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = -covariance / variance;
  if (!(slope > 0)) return undefined;
  const now = card.heldOut.bitsPerByte.value;
  const useful = Math.min(factor, Math.max(1, (MAX_READINGS * textTokens) / card.training!.tokens));
  return { low: now * useful ** -slope, high: now * useful ** (-slope / 2) };
}
