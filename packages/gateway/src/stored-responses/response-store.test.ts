import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "@homegrown/storage";
import { responseStoreContract } from "./response-store.contract.ts";
import { STORED_RESPONSE_MIGRATIONS } from "./tables.ts";
import type { StoredResponseTables } from "./tables.ts";

responseStoreContract("SQLite", async () => {
  const folder = await mkdtemp(join(tmpdir(), "responses-"));
  const database = await openDatabase<StoredResponseTables>(join(folder, "test.db"), [
    STORED_RESPONSE_MIGRATIONS,
  ]);
  return {
    database,
    remove: async () => {
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
});
