// Imported by people's configuration files, in a process of its own: it must load nothing else.
import type { GatewayConfigInput } from "./gateway-config.ts";

/** Gives a configuration file its types: `export default defineConfig({ … })`. */
export function defineConfig(config: GatewayConfigInput): GatewayConfigInput {
  return config;
}
