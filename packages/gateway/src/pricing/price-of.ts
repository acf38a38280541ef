// Which price holds for a model: the configured one, else the catalogue's, else none. None is "unknown" in every
// report; it is never zero.
import type { Price } from "../core/target.ts";
import type { ModelConfig, PriceConfig } from "../providers/provider-config.ts";
import { usdPerMillionToNano } from "./nano-usd.ts";

export type PriceCatalogue = typeof import("./price-catalogue.ts");

/** What is known of one model's price and context, looked up again when it may have changed. */
export interface ModelFacts {
  price(): Price | undefined;
  contextTokens(): number | undefined;
}

/** 30 milliseconds and some megabytes: loaded once, and only where a provider is configured whose prices it lists. */
let catalogue: Promise<PriceCatalogue> | undefined;
export function loadPriceCatalogue(): Promise<PriceCatalogue> {
  catalogue ??= import("./price-catalogue.ts");
  return catalogue;
}

/** `provider` is the catalogue's id; undefined where there is none for this kind. */
export function factsOf(
  catalogue: PriceCatalogue | undefined,
  provider: string | undefined,
  model: string,
  overrides: ModelConfig | undefined,
): ModelFacts {
  const configured = overrides?.price === undefined ? undefined : priceOfConfig(overrides.price);
  const name = overrides?.catalogueName ?? model;
  const look = () => (provider === undefined ? undefined : catalogue?.findInCatalogue(provider, name));
  let entry = look();
  const current = () => {
    if (entry !== undefined && entry.validUntil <= Date.now()) entry = look();
    return entry;
  };
  return {
    price: () => configured ?? current()?.price,
    contextTokens: () => overrides?.contextTokens ?? entry?.contextTokens,
  };
}

/** Own models cost nothing unless somebody says what they cost. */
export function ownPrice(config: PriceConfig | undefined): Price {
  if (config !== undefined) return priceOfConfig(config);
  return { inputPerToken: 0, outputPerToken: 0, source: "own", asOf: "1970-01-01" };
}

export function priceOfConfig(config: PriceConfig): Price {
  const nano = usdPerMillionToNano;
  return {
    inputPerToken: nano(config.inputUsdPerMillion),
    outputPerToken: nano(config.outputUsdPerMillion),
    ...(config.cacheReadUsdPerMillion !== undefined && {
      cacheReadPerToken: nano(config.cacheReadUsdPerMillion),
    }),
    ...(config.cacheWriteUsdPerMillion !== undefined && {
      cacheWritePerToken: nano(config.cacheWriteUsdPerMillion),
    }),
    ...(config.cacheWriteHourUsdPerMillion !== undefined && {
      cacheWriteHourPerToken: nano(config.cacheWriteHourUsdPerMillion),
    }),
    ...(config.usdPerAudioMinute !== undefined && { perAudioSecond: (config.usdPerAudioMinute * 1e9) / 60 }),
    ...(config.usdPerMillionCharacters !== undefined && {
      perCharacter: nano(config.usdPerMillionCharacters),
    }),
    ...(config.usdPerRequest !== undefined && { perRequest: config.usdPerRequest * 1e9 }),
    source: "config",
    asOf: config.asOf,
  };
}
