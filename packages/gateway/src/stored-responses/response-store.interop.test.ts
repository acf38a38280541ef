import { openPostgres } from "@homegrown/storage";
import { startPostgres } from "@homegrown/testing";
import { responseStoreContract } from "./response-store.contract.ts";
import { STORED_RESPONSE_MIGRATIONS } from "./tables.ts";
import type { StoredResponseTables } from "./tables.ts";

responseStoreContract("Postgres", async () => {
  const server = await startPostgres();
  const database = await openPostgres<StoredResponseTables>(await server.newDatabase(), [
    STORED_RESPONSE_MIGRATIONS,
  ]);
  return {
    database,
    remove: async () => {
      await database.close();
      await server.stop();
    },
  };
});
