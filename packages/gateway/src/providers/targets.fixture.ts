// Targets over real connections, whose way for bytes only remembers where it leads.
import { Agent } from "undici";
import type { Passthrough } from "../core/target.ts";
import { providersConfigSchema } from "./provider-config.ts";
import type { Endpoint } from "./provider-kind.ts";
import { createTargets } from "./target-factory.ts";
import type { Targets } from "./target-factory.ts";

export const apiKey = { env: "TEST_KEY" };

export interface EndpointPassthrough extends Passthrough {
  endpoint: Endpoint;
}

export function createTestTargets(): {
  targetsOf(config: object, environment?: Record<string, string>): Promise<Targets>;
  close(): Promise<void>;
} {
  const dispatcher = new Agent();
  return {
    targetsOf: (config, environment = { TEST_KEY: "k" }) =>
      createTargets(providersConfigSchema.parse(config), {
        dispatcher,
        environment,
        createPassthrough: (endpoint): EndpointPassthrough => ({ endpoint, dispatch() {} }),
      }),
    close: () => dispatcher.close(),
  };
}
