// A gateway in a process of its own, for chains: its configuration is the first argument, its address goes to
// whoever started it, and it ends with them. A second argument names a module that makes its own models.
import { startGateway } from "../composition/start-gateway.ts";
import type { GatewayConfigInput } from "../config/gateway-config.ts";
import type { GatewayOptions } from "../composition/start-gateway.ts";

const [, , config = "{}", models] = process.argv;

interface TestModels {
  MarkovDirectory: new (models: object) => NonNullable<GatewayOptions["directory"]>;
  createMarkovModel(options: { modelId: string; contextLength: number }): unknown;
}

async function createDirectory(specifier: string): Promise<NonNullable<GatewayOptions["directory"]>> {
  const { MarkovDirectory, createMarkovModel } = (await import(specifier)) as TestModels;
  const model = createMarkovModel({ modelId: "garden", contextLength: 2048 });
  return new MarkovDirectory({ garden: { version: "garden@1", model } });
}

const gateway = await startGateway({
  config: JSON.parse(config) as GatewayConfigInput,
  ...(models !== undefined && { directory: await createDirectory(models) }),
});
process.on("disconnect", () => process.exit(0));
process.send!({ url: gateway.url });
