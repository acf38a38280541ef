/** 1 USD per million is 1,000 nano-dollars each; what floating point adds to the written price is cut off. */
export function usdPerMillionToNano(usd: number): number {
  return Number((usd * 1000).toPrecision(12));
}
