// List prices and context limits from the data that `@pydantic/genai-prices` bundles: dated, offline. Its
// automatic update is never switched on; a newer catalogue is a newer version of the package.
import { calcPrice } from "@pydantic/genai-prices";
import type { ModelPrice } from "@pydantic/genai-prices";
import type { Price, TokenRates } from "../core/target.ts";
import { usdPerMillionToNano } from "./nano-usd.ts";

export const CATALOGUE_VERSION = "0.1.8";
/** The day on which that version was published. */
export const CATALOGUE_DATE = "2026-09-23";

export interface CatalogueEntry {
  price: Price | undefined;
  contextTokens: number | undefined;
  /** Until when it holds, in milliseconds since the epoch: some prices change with the time of day. */
  validUntil: number;
}

const MINUTE_MS = 60_000;

/** `provider` is the catalogue's id (`openai`, `aws`, …), `model` the provider's own name. */
export function findInCatalogue(
  provider: string,
  model: string,
  at: Date = new Date(),
): CatalogueEntry | undefined {
  const found = calcPrice({}, model, { providerId: provider, timestamp: at });
  if (found === null) return undefined;
  return {
    price: toPrice(found.model_price, found.provider.id, found.model.id),
    contextTokens: found.model.context_window,
    validUntil: Array.isArray(found.model.prices)
      ? at.getTime() - (at.getTime() % MINUTE_MS) + MINUTE_MS
      : Infinity,
  };
}

/** Keys of the catalogue that stand for rates of tokens; prices are US dollars per million. */
const RATES = {
  input_mtok: "inputPerToken",
  output_mtok: "outputPerToken",
  cache_read_mtok: "cacheReadPerToken",
  cache_write_mtok: "cacheWritePerToken",
  cache_write_1h_mtok: "cacheWriteHourPerToken",
  output_reasoning_mtok: "reasoningPerToken",
} as const satisfies Readonly<Record<string, keyof TokenRates>>;

function toPrice(prices: ModelPrice, provider: string, model: string): Price | undefined {
  const perSecond = perUnit(prices["input_audio_hours"] ?? prices["audio_hours"], 3600);
  const perCharacter = perUnit(prices["input_mchars"] ?? prices["mchars"], 1e6);
  const perRequest = perUnit(prices["requests_kcount"], 1000);
  const known = prices["input_mtok"] !== undefined || perSecond !== undefined || perCharacter !== undefined;
  // An empty entry is no price, except where the name says that there is none to pay.
  if (!known && !(model.endsWith(":free") && Object.keys(prices).length === 0)) return undefined;

  const starts = new Set<number>();
  for (const key in RATES) {
    const value = prices[key];
    if (typeof value === "object") for (const { start } of value.tiers) starts.add(start);
  }
  const tiers = [...starts]
    .sort((a, b) => a - b)
    .map((start) => ({ aboveInputTokens: start, ...ratesAbove(prices, start) }));
  return {
    ...ratesAbove(prices, -1),
    ...(tiers.length > 0 && { tiers }),
    ...(perSecond !== undefined && { perAudioSecond: perSecond }),
    // Groq's documented minimum; the catalogue applies it in code, not in data.
    ...(perSecond !== undefined &&
      provider === "groq" &&
      model.startsWith("whisper-") && { minAudioSeconds: 10 }),
    ...(perCharacter !== undefined && { perCharacter }),
    ...(perRequest !== undefined && { perRequest }),
    source: `genai-prices ${CATALOGUE_VERSION}`,
    asOf: CATALOGUE_DATE,
  };
}

/** The rates of requests with more than `start` input tokens; -1 gives the base. */
function ratesAbove(prices: ModelPrice, start: number): TokenRates {
  const rates: TokenRates = { inputPerToken: 0, outputPerToken: 0 };
  for (const key of Object.keys(RATES) as (keyof typeof RATES)[]) {
    const value = prices[key];
    if (value === undefined) continue;
    let usd = typeof value === "number" ? value : value.base;
    if (typeof value === "object") for (const tier of value.tiers) if (start >= tier.start) usd = tier.price;
    rates[RATES[key]] = usdPerMillionToNano(usd);
  }
  return rates;
}

function perUnit(value: ModelPrice[string], units: number): number | undefined {
  return typeof value === "number" ? (value * 1e9) / units : undefined;
}
