import { openPostgres } from "@homegrown/storage";
import { startPostgres } from "@homegrown/testing";
import type { GatewayTables } from "../state/tables.ts";
import { GATEWAY_MIGRATIONS } from "../state/tables.ts";
import { captureStoreContract } from "./capture-store.contract.ts";
import { CAPTURE_MIGRATIONS } from "./tables.ts";
import type { CaptureTables } from "./tables.ts";

captureStoreContract("Postgres", async () => {
  const server = await startPostgres();
  const database = await openPostgres<GatewayTables & CaptureTables>(await server.newDatabase(), [
    GATEWAY_MIGRATIONS,
    CAPTURE_MIGRATIONS,
  ]);
  return {
    database,
    remove: async () => {
      await database.close();
      await server.stop();
    },
  };
});
