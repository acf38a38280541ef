import { HomegrownError, type Interval } from "@homegrown/contracts";
import { drawResamples, resampledInterval, type BootstrapOptions } from "./bootstrap.ts";

export interface PairedDifference {
  /** statistic(a) - statistic(b) with its interval. */
  difference: Interval;
  /** Two-sided: how often a difference at least this far from zero would be seen were there none. */
  pValue: number;
}

/**
 * Compares two systems on the same items: pairs are drawn together, so what makes an item hard for both
 * cancels. The p-value inverts the percentile interval, (1 + 2·min(#≤0, #≥0)) / (1 + resamples), at most 1.
 * @param a,b measurements of the same items in the same order, one entry per cluster (document)
 * @see Koehn, "Statistical significance tests for machine translation evaluation", EMNLP 2004;
 *      Davison and Hinkley, "Bootstrap Methods and their Application" (1997), section 4.4
 */
export function pairedBootstrap<Item>(
  a: readonly Item[],
  b: readonly Item[],
  statistic: (items: readonly Item[]) => number,
  options: BootstrapOptions = {},
): PairedDifference {
  if (a.length !== b.length) {
    throw new HomegrownError({
      code: "statistics/unpaired",
      kind: "invalid-input",
      message: `a paired comparison got ${a.length} measurements on one side and ${b.length} on the other`,
      hint: "Measure both systems on the same items, in the same order.",
    });
  }
  const pick = (items: readonly Item[], indices: Uint32Array): Item[] =>
    Array.from(indices, (index) => items[index]!);
  const without = (items: readonly Item[], left: number): Item[] =>
    items.filter((_, index) => index !== left);
  const resampled = {
    numClusters: a.length,
    value: (): number => statistic(a) - statistic(b),
    valueOf: (indices: Uint32Array): number => statistic(pick(a, indices)) - statistic(pick(b, indices)),
    valueWithout: (index: number): number => statistic(without(a, index)) - statistic(without(b, index)),
  };
  const difference = resampledInterval(resampled, options);
  const draws = drawResamples(resampled, options.seed ?? 1, options.numResamples ?? 2000);
  const notAbove = draws.filter((draw) => draw <= 0).length;
  const notBelow = draws.filter((draw) => draw >= 0).length;
  const pValue = Math.min(1, (1 + 2 * Math.min(notAbove, notBelow)) / (1 + draws.length));
  return { difference, pValue };
}
