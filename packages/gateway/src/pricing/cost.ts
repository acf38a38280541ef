// What an answer cost. All in nano-dollars: a token costs from 10 to 200,000 of them, so nothing rounds away, and
// a request of a million dollars is still an exact integer.
import type { Price, TokenRates } from "../core/target.ts";
import type { TokenUsage } from "../core/token-usage.ts";

/**
 * Null where the cost is not known: no price, or a price in units that the usage does not tell. Parts of the
 * input or output never count for more than the whole, whatever a provider reports. Where `usage` is the sum of
 * several calls with one prompt (the choices of a translated request), `calls` says how many: each is a request,
 * and tiers go by the input of one.
 */
export function costNanoUsd(price: Price | undefined, usage: TokenUsage, calls = 1): number | null {
  if (price === undefined) return null;
  let nano = (price.perRequest ?? 0) * calls;
  if (price.perAudioSecond !== undefined && hasNoTokenRates(price)) {
    if (usage.audioSeconds === undefined) return null;
    nano += price.perAudioSecond * billedSeconds(price, usage.audioSeconds);
  } else if (price.perCharacter !== undefined && hasNoTokenRates(price)) {
    if (usage.characters === undefined) return null;
    nano += price.perCharacter * usage.characters;
  } else {
    nano += tokenCost(ratesFor(price, usage.input / calls), usage);
    if (price.perAudioSecond !== undefined && usage.audioSeconds !== undefined) {
      nano += price.perAudioSecond * billedSeconds(price, usage.audioSeconds);
    }
    if (price.perCharacter !== undefined && usage.characters !== undefined) {
      nano += price.perCharacter * usage.characters;
    }
  }
  return Math.round(nano);
}

/**
 * Never less than `costNanoUsd` of any answer with at most these tokens, however they split into kinds: what a
 * budget reserves. Null where the price is not known.
 */
export function maxCostNanoUsd(
  price: Price | undefined,
  most: { input: number; output: number; audioSeconds?: number; characters?: number },
): number | null {
  if (price === undefined) return null;
  const possible = [price, ...(price.tiers ?? []).filter((tier) => most.input > tier.aboveInputTokens)];
  const input = Math.max(...possible.map(dearestInput));
  const output = Math.max(...possible.map(dearestOutput));
  const nano =
    (price.perRequest ?? 0) +
    input * most.input +
    output * most.output +
    (price.perAudioSecond ?? 0) * billedSeconds(price, most.audioSeconds ?? 0) +
    (price.perCharacter ?? 0) * (most.characters ?? 0);
  return Math.ceil(nano);
}

function tokenCost(rates: TokenRates, usage: TokenUsage): number {
  const cacheRead = Math.min(usage.cacheRead, usage.input);
  const cacheWrite = Math.min(usage.cacheWrite, usage.input - cacheRead);
  const hour = Math.min(usage.cacheWriteHour ?? 0, cacheWrite);
  const reasoning = Math.min(usage.reasoning, usage.output);
  const writeRate = rates.cacheWritePerToken ?? rates.inputPerToken;
  return (
    (usage.input - cacheRead - cacheWrite) * rates.inputPerToken +
    cacheRead * (rates.cacheReadPerToken ?? rates.inputPerToken) +
    (cacheWrite - hour) * writeRate +
    hour * (rates.cacheWriteHourPerToken ?? writeRate) +
    (usage.output - reasoning) * rates.outputPerToken +
    reasoning * (rates.reasoningPerToken ?? rates.outputPerToken)
  );
}

/** A request above a tier's start pays that tier's rates for every token. */
function ratesFor(price: Price, inputTokens: number): TokenRates {
  let rates: TokenRates = price;
  for (const tier of price.tiers ?? []) if (inputTokens > tier.aboveInputTokens) rates = tier;
  return rates;
}

function hasNoTokenRates(price: Price): boolean {
  return price.inputPerToken === 0 && price.outputPerToken === 0;
}

function billedSeconds(price: Price, seconds: number): number {
  return seconds > 0 ? Math.max(seconds, price.minAudioSeconds ?? 0) : 0;
}

function dearestInput(rates: TokenRates): number {
  const { inputPerToken, cacheReadPerToken = 0, cacheWritePerToken = 0, cacheWriteHourPerToken = 0 } = rates;
  return Math.max(inputPerToken, cacheReadPerToken, cacheWritePerToken, cacheWriteHourPerToken);
}

function dearestOutput(rates: TokenRates): number {
  return Math.max(rates.outputPerToken, rates.reasoningPerToken ?? 0);
}
