// One of this organisation's models as a target. Its lease is real: it keeps a version's process alive.
import type { ModelDirectory } from "@homegrown/contracts";
import type { Capabilities, Modality, Target, TargetLease } from "../core/target.ts";
import { ownPrice } from "../pricing/price-of.ts";
import type { ModelConfig } from "./provider-config.ts";

const TEXT: ReadonlySet<Modality> = new Set(["text"]);

/** `name` is an alias or version that the directory serves; `config` may add a price and what the model can do. */
export function createOwnTarget(directory: ModelDirectory, name: string, config?: ModelConfig): Target {
  const capabilities: Capabilities = {
    ...(config?.contextTokens !== undefined && { contextTokens: config.contextTokens }),
    ...(config?.maxOutputTokens !== undefined && { maxOutputTokens: config.maxOutputTokens }),
    input: config?.input === undefined ? TEXT : new Set(config.input),
    // Models that were not trained to call tools refuse them; one that was, says so in its configuration.
    tools: config?.tools ?? false,
    structuredOutput: config?.structuredOutput ?? true,
    logProbabilities: config?.logProbabilities ?? true,
  };
  return {
    id: `own/${name}`,
    provider: "own",
    system: "homegrown",
    model: name,
    own: true,
    rights: "train",
    price: ownPrice(config?.price),
    capabilities,
    passthrough: () => undefined,
    async acquire(): Promise<TargetLease> {
      const lease = await directory.acquire(name);
      return {
        version: lease.version,
        chat: lease.chat,
        completion: lease.completion,
        release: () => lease.release(),
      };
    },
  };
}
