// Targets of the configured providers, made when first named and kept.
import type { Dispatcher } from "undici";
import type { Passthrough, Target } from "../core/target.ts";
import { factsOf, loadPriceCatalogue } from "../pricing/price-of.ts";
import type { PriceCatalogue } from "../pricing/price-of.ts";
import type { ProviderConfig, ProvidersConfig } from "./provider-config.ts";
import { connect } from "./provider-connection.ts";
import type { Environment } from "./provider-connection.ts";
import type { Endpoint, ProviderDefinition, ProviderPorts } from "./provider-kind.ts";
import { PROVIDER_KINDS } from "./provider-kinds.ts";
import { RentedTarget } from "./rented-target.ts";
import type { RentedProvider } from "./rented-target.ts";
import { createUpstreamFetch } from "./upstream-fetch.ts";
import type { UpstreamFetchOptions } from "./upstream-fetch.ts";

export interface TargetsDeps extends Omit<UpstreamFetchOptions, "dispatcher"> {
  /** Holds the connections, and their connect timeout. Not closed here. */
  dispatcher: Dispatcher;
  /** The way for bytes to an endpoint as they are. */
  createPassthrough(endpoint: Endpoint, target: string): Passthrough;
  /** Where secrets are looked up. Default: the process's. */
  environment?: Environment;
}

export interface Targets {
  /** `provider/model`; the model's own name may hold slashes. Undefined for an unknown provider. */
  find(id: string): Target | undefined;
}

/** Names come from the configuration, so they are few; this only bounds a mistake. */
const MAX_TARGETS = 10_000;

/** The price catalogue, where it lists the prices of any of these. */
export async function loadPricesOf(config: ProvidersConfig): Promise<PriceCatalogue | undefined> {
  const isListed = Object.values(config).some(({ kind }) => PROVIDER_KINDS[kind].catalogue !== undefined);
  return isListed ? loadPriceCatalogue() : undefined;
}

/** Loads the price catalogue for kinds of providers that it lists; no provider's package, and nothing of the network. */
export async function createTargets(config: ProvidersConfig, deps: TargetsDeps): Promise<Targets> {
  const names = Object.keys(config);
  if (names.length === 0) return { find: () => undefined };
  const catalogue = await loadPricesOf(config);
  const fetch = createUpstreamFetch(deps);
  const providers = new Map(
    names.map((name) => [name, toProvider(name, config[name]!, fetch, deps)] as const),
  );
  const targets = new Map<string, Target>();
  return {
    find(id) {
      const known = targets.get(id);
      if (known !== undefined) return known;
      const slash = id.indexOf("/");
      const provider = slash < 0 ? undefined : providers.get(id.slice(0, slash));
      const model = id.slice(slash + 1);
      if (provider === undefined || model === "") return undefined;
      const { config: providerConfig } = provider.connection;
      const models = providerConfig.models ?? {};
      const overrides = Object.hasOwn(models, model) ? models[model] : undefined;
      const facts = factsOf(catalogue, provider.definition.catalogue, model, overrides);
      const target = new RentedTarget(provider, model, overrides, facts);
      if (targets.size >= MAX_TARGETS) targets.clear();
      targets.set(id, target);
      return target;
    },
  };
}

function toProvider(
  name: string,
  config: ProviderConfig,
  fetch: typeof globalThis.fetch,
  deps: TargetsDeps,
): RentedProvider {
  // The table pairs each kind with its configuration; the type of a union of kinds cannot say so.
  const definition = PROVIDER_KINDS[config.kind] as unknown as ProviderDefinition;
  const connection = connect(name, config, deps.environment ?? process.env, fetch);
  let ports: Promise<ProviderPorts> | undefined;
  return {
    name,
    definition,
    connection,
    ports() {
      ports ??= definition.load(connection).catch((error: unknown) => {
        ports = undefined;
        throw error;
      });
      return ports;
    },
    createPassthrough: (endpoint, target) => deps.createPassthrough(endpoint, target),
  };
}
