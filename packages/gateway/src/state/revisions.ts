// How a running gateway learns that another process (the command line, another instance) changed something that
// it keeps in memory: the change and its counter are committed together, and the counter is read twice a second.
import type { Transaction } from "@homegrown/storage";
import type { GatewayTables, StateDatabase } from "./tables.ts";

export type RevisionName = "keys" | "budgets";

/** Takes the counter's row first, so that changes become visible in the order of their numbers. */
export async function nextRevision(tx: Transaction<GatewayTables>, name: RevisionName): Promise<number> {
  const { value } = await tx
    .updateTable("gateway_revisions")
    .set(({ eb }) => ({ value: eb("value", "+", 1) }))
    .where("name", "=", name)
    .returning("value")
    .executeTakeFirstOrThrow();
  return value;
}

export async function readRevision(database: StateDatabase, name: RevisionName): Promise<number> {
  const { value } = await database.queries
    .selectFrom("gateway_revisions")
    .select("value")
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  return value;
}
