// Targets over real connections, whose way for bytes only remembers where it leads.
import { after } from "node:test";
import { ProviderUpstream } from "@homegrown/testing";
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

/** A provider's own server, and targets that may ask it; both end with the tests of the file that calls this. */
export async function startTestUpstream(): Promise<{
  targetsOf: ReturnType<typeof createTestTargets>["targetsOf"];
  upstream: ProviderUpstream;
  /** The server's address. */
  origin: string;
}> {
  const { targetsOf, close } = createTestTargets();
  const upstream = new ProviderUpstream();
  const origin = await upstream.start();
  after(async () => {
    await close();
    await upstream.stop();
  });
  return { targetsOf, upstream, origin };
}
