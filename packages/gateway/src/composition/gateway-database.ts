import { openDatabase, openPostgres } from "@homegrown/storage";
import type { Database } from "@homegrown/storage";
import { CAPTURE_MIGRATIONS } from "../capture/tables.ts";
import type { CaptureTables } from "../capture/tables.ts";
import { GATEWAY_MIGRATIONS } from "../state/tables.ts";
import type { GatewayTables } from "../state/tables.ts";
import { STORED_RESPONSE_MIGRATIONS } from "../stored-responses/tables.ts";
import type { StoredResponseTables } from "../stored-responses/tables.ts";

export type GatewayDatabase = Database<GatewayTables & StoredResponseTables & CaptureTables>;

export type GatewayDatabaseLocation =
  | { kind: "sqlite"; file: string; synchronous: "full" | "normal" }
  | { kind: "postgres"; url: string };

const MIGRATIONS = [GATEWAY_MIGRATIONS, STORED_RESPONSE_MIGRATIONS, CAPTURE_MIGRATIONS];

/** Where keys, budgets, ledger, captures and stored Responses live. Throws what `openDatabase` throws. */
export function openGatewayDatabase(location: GatewayDatabaseLocation): Promise<GatewayDatabase> {
  if (location.kind === "postgres") return openPostgres(location.url, MIGRATIONS);
  return openDatabase(location.file, MIGRATIONS, { synchronous: location.synchronous });
}
