// A gateway in a process of its own, for chains: it is told what to be in its argument, says its address to
// whoever started it, and ends with them.
import { openGatewayDatabase } from "../composition/gateway-database.ts";
import { startGateway } from "../composition/start-gateway.ts";
import type { GatewayOptions } from "../composition/start-gateway.ts";
import type { GatewayProcessOptions } from "./world.fixture.ts";

interface TestModels {
  MarkovDirectory: new (models: object) => NonNullable<GatewayOptions["directory"]>;
  createMarkovModel(options: { modelId: string; contextLength: number }): unknown;
}

const { config, database: file, models } = JSON.parse(process.argv[2]!) as GatewayProcessOptions;

async function createDirectory(specifier: string): Promise<NonNullable<GatewayOptions["directory"]>> {
  const { MarkovDirectory, createMarkovModel } = (await import(specifier)) as TestModels;
  const model = createMarkovModel({ modelId: "garden", contextLength: 2048 });
  return new MarkovDirectory({ garden: { version: "garden@1", model } });
}

const gateway = await startGateway({
  config,
  ...(file !== undefined && {
    database: await openGatewayDatabase({ kind: "sqlite", file, synchronous: "normal" }),
  }),
  ...(models !== undefined && { directory: await createDirectory(models) }),
});
process.on("disconnect", () => process.exit(0));
process.send!({ url: gateway.url });
