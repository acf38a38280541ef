import { isObject } from "../block-fields.ts";
import type { ProviderExtras } from "../json.ts";

interface Cacheable {
  readonly [field: string]: unknown;
}

/** `cache_control` where the AI SDK's Anthropic provider reads it; other providers leave it alone. */
export function cacheOptions(holder: Cacheable): { providerOptions?: ProviderExtras } {
  const cacheControl = holder["cache_control"];
  return isObject(cacheControl) ? { providerOptions: { anthropic: { cacheControl } } } : {};
}
