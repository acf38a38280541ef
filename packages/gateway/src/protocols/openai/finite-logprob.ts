/** JSON has no -Infinity; OpenAI writes -9999.0 for a token that could not be. */
export function toFiniteLogprob(logProbability: number): number {
  return Number.isFinite(logProbability) ? logProbability : -9999;
}
