// The same suite on a real Postgres, each connection with a pool of its own, as another gateway would have.
import { openPostgres } from "@homegrown/storage";
import { startPostgres } from "@homegrown/testing";
import { describeGatewayState } from "./gateway-state.contract.ts";
import { GATEWAY_MIGRATIONS } from "./tables.ts";
import type { GatewayTables } from "./tables.ts";

describeGatewayState("Postgres", async () => {
  const server = await startPostgres();
  const url = await server.newDatabase();
  return {
    open: () => openPostgres<GatewayTables>(url, [GATEWAY_MIGRATIONS], { maxConnections: 4 }),
    remove: () => server.stop(),
  };
});
