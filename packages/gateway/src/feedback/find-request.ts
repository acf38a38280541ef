// The row of the ledger that somebody means by a request's id.
import type { Database } from "@homegrown/storage";
import type { Key } from "../core/key.ts";
import { toLedgerId } from "../ledger/ledger-rows.ts";
import type { GatewayTables } from "../state/tables.ts";

export interface FoundRequest {
  /** Of its row in the ledger. */
  id: string;
  keyId: string;
  team: string | null;
  labels: Readonly<Record<string, string>>;
}

/** The newest of this id that the key may see, copies left out. */
export async function findRequest(
  { queries }: Pick<Database<GatewayTables>, "queries">,
  { id, team }: Key,
  requestId: string,
): Promise<FoundRequest | undefined> {
  const row = await queries
    .selectFrom("gateway_ledger")
    .select(["instance", "number", "key_id", "team", "labels"])
    .where("request_id", "=", requestId)
    .where("mirror_of", "is", null)
    .where((is) => {
      const own = is("key_id", "=", id);
      return team === undefined ? own : is.or([own, is("team", "=", team)]);
    })
    .orderBy("at", "desc")
    .orderBy("number", "desc")
    .limit(1)
    .executeTakeFirst();
  return (
    row && {
      id: toLedgerId(row.instance, row.number),
      keyId: row.key_id,
      team: row.team,
      labels: row.labels === null ? {} : (JSON.parse(row.labels) as Record<string, string>),
    }
  );
}
