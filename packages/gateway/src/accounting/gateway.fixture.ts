// A gateway in a process of its own, to be killed or asked to end.
//   node gateway.fixture.ts '{"database": …, "config": …}'
// Prints "ready URL"; faults go to standard error. Closes in good order when its standard input ends.
import { boundHeap, openGatewayDatabase, startGateway } from "../index.ts";
import type { GatewayDatabaseLocation, GatewayOptions } from "../index.ts";

export interface GatewaySettings {
  database: GatewayDatabaseLocation;
  config: NonNullable<GatewayOptions["config"]>;
}

const settings = JSON.parse(process.argv[2]!) as GatewaySettings;
boundHeap();
const database = await openGatewayDatabase(settings.database);
const gateway = await startGateway({
  database,
  config: settings.config,
  onFault: (error) => console.error("fault", error),
});
console.log(`ready ${gateway.url}`);
process.stdin.resume().once("end", async () => {
  await gateway.close();
  await database.close();
  process.exit(0);
});
