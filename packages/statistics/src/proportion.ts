import { HomegrownError, type Interval } from "@homegrown/contracts";
import { normalQuantile } from "./normal.ts";

/**
 * Wilson's score interval for a share of independent yes/no outcomes. It stays inside [0, 1] and keeps
 * its coverage at small counts and at shares near 0 and 1, where the textbook ±z·√(pq/n) fails.
 * @param passed outcomes that were yes, 0 … total
 * @param total  outcomes, at least 1
 * @see Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927);
 *      Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998)
 */
export function proportionInterval(passed: number, total: number, confidence = 0.95): Interval {
  if (!Number.isInteger(total) || total < 1 || !Number.isInteger(passed) || passed < 0 || passed > total) {
    throw new HomegrownError({
      code: "statistics/bad-counts",
      kind: "invalid-input",
      message: `a share needs whole counts with 0 ≤ passed ≤ total and total ≥ 1, got ${passed} of ${total}`,
      hint: "Count at least one outcome before asking for an interval.",
    });
  }
  const z = normalQuantile((1 + confidence) / 2);
  const share = passed / total;
  const centre = (passed + (z * z) / 2) / (total + z * z);
  const reach = (z / (total + z * z)) * Math.sqrt(total * share * (1 - share) + (z * z) / 4);
  return {
    value: share,
    low: passed === 0 ? 0 : Math.max(0, centre - reach),
    high: passed === total ? 1 : Math.min(1, centre + reach),
    confidence,
    method: "Wilson score",
  };
}
