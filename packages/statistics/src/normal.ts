// The standard normal distribution: Φ and its inverse.

/**
 * Φ(x), the standard normal distribution function; absolute error below 1e-13. Series near the centre,
 * Laplace's continued fraction in the tails.
 * @see Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.2.11 and 26.2.14
 */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x === Infinity) return 1;
  if (x === -Infinity) return 0;
  const size = Math.abs(x);
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  if (size < 4) {
    let term = x;
    let sum = x;
    for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
      term *= (x * x) / k;
      sum += term;
    }
    return 0.5 + density * sum;
  }
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / (size + fraction);
  const tail = density / (size + fraction);
  return x > 0 ? 1 - tail : tail;
}

/**
 * Φ⁻¹(p) for 0 ≤ p ≤ 1 (±Infinity at the ends): Acklam's rational start (relative error 1.2e-9) and one
 * step of Halley's method.
 * @see Acklam, "An algorithm for computing the inverse normal cumulative distribution function" (2003)
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return -Infinity;
  if (p === 1) return Infinity;
  const start = rationalStart(p);
  const error = normalCdf(start) - p;
  const step = error * Math.sqrt(2 * Math.PI) * Math.exp((start * start) / 2);
  return Number.isFinite(step) ? start - step / (1 + (start * step) / 2) : start;
}

const CENTRE_A = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
];
const CENTRE_B = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1,
  1,
];
const TAIL_C = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const TAIL_D = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1];

function rationalStart(p: number): number {
  if (p < 0.02425) return tailStart(p);
  if (p > 1 - 0.02425) return -tailStart(1 - p);
  const q = p - 0.5;
  const r = q * q;
  return (q * polynomial(CENTRE_A, r)) / polynomial(CENTRE_B, r);
}

function tailStart(p: number): number {
  const q = Math.sqrt(-2 * Math.log(p));
  return polynomial(TAIL_C, q) / polynomial(TAIL_D, q);
}

function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}
