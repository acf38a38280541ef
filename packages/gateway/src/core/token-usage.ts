/** Tokens of one answer by kind. `input` and `output` are totals; the others are parts of them. */
export interface TokenUsage {
  input: number;
  /** Of `input`: read from a provider's prompt cache. */
  cacheRead: number;
  /** Of `input`: written to a provider's prompt cache. */
  cacheWrite: number;
  /** Of `cacheWrite`: to be kept for an hour, which Anthropic bills dearer than five minutes. */
  cacheWriteHour?: number;
  output: number;
  /** Of `output`: spent on reasoning. */
  reasoning: number;
  /** Audio in or out, in seconds, for models that are billed by time. */
  audioSeconds?: number;
  /** Of text turned into speech, for models that are billed by them. */
  characters?: number;
  /** True where the provider reported nothing (or not everything) and the gateway counted itself. */
  estimated: boolean;
}

export const NO_USAGE: TokenUsage = {
  input: 0,
  cacheRead: 0,
  cacheWrite: 0,
  output: 0,
  reasoning: 0,
  estimated: false,
};
