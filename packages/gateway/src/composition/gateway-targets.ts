// Where routing finds targets: the organisation's own models first, then the configured providers'.
import type { ModelDirectory } from "@homegrown/contracts";
import type { Target } from "../core/target.ts";
import type { ModelConfig } from "../providers/provider-config.ts";
import { createOwnTarget } from "../providers/own-target.ts";
import type { Targets } from "../providers/target-factory.ts";
import type { TargetSource } from "../routing/compiled-route.ts";

const OWN = "own/";

export function createTargetSource(
  directory: ModelDirectory | undefined,
  rented: Targets,
  ownModels: Readonly<Record<string, ModelConfig>>,
): TargetSource {
  const own = new Map<string, Target>();
  return {
    find(id) {
      if (!id.startsWith(OWN)) return rented.find(id);
      const name = id.slice(OWN.length);
      if (!directory?.has(name)) {
        own.delete(name);
        return undefined;
      }
      let target = own.get(name);
      if (target === undefined) {
        const config = Object.hasOwn(ownModels, name) ? ownModels[name] : undefined;
        target = createOwnTarget(directory, name, config);
        own.set(name, target);
      }
      return target;
    },
  };
}
