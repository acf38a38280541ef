// What a dead instance leaves: open rows and grants. One batch ends it for good (its own late commits fail from
// then on), charges what its open rows say at least, marks them, and frees what it held. All of it is decided
// in the store, so that two who recover the same instance at once charge nothing twice.
import type { BatchStatement } from "@homegrown/storage";
import { HomegrownError } from "@homegrown/contracts";
import type { Clock } from "../state/clock.ts";
import { commitStatement } from "../state/instances.ts";
import type { SeenInstance } from "../state/instances.ts";
import { ENDED } from "../state/tables.ts";
import type { StateDatabase } from "../state/tables.ts";

const CHARGE = `update gateway_budget_periods
  set spent_nano_usd = spent_nano_usd + coalesce((
    select cast(sum(l.reserved_nano_usd) as bigint) from gateway_ledger l
    where l.instance = $1 and l.outcome = 'open' and l.mirror_of is null
      and ((gateway_budget_periods.period = 'day' and l.budget_day = gateway_budget_periods.starts_at)
        or (gateway_budget_periods.period = 'month' and l.budget_month = gateway_budget_periods.starts_at))
      and (gateway_budget_periods.scope = 'total'
        or (gateway_budget_periods.scope = 'key' and l.key_id = gateway_budget_periods.scope_id)
        or (gateway_budget_periods.scope = 'team' and l.team = gateway_budget_periods.scope_id))
  ), 0)
  where starts_at >= (select min(budget_month) from gateway_ledger where instance = $1 and outcome = 'open')`;

const MARK = `update gateway_ledger
  set outcome = 'interrupted', estimated = 1, error_code = 'gateway/interrupted',
    cost_nano_usd = case when mirror_of is null then reserved_nano_usd else null end,
    mirror_cost_nano_usd = case when mirror_of is null then null else reserved_nano_usd end,
    reserved_nano_usd = null, budget_day = null, budget_month = null
  where instance = $1 and outcome = 'open'`;

/** How many requests were found and marked; undefined when the instance has moved meanwhile: it lives. */
export async function recoverInstance(
  database: StateDatabase,
  clock: Clock,
  { id, commits }: SeenInstance,
): Promise<number | undefined> {
  const rows = [[id]];
  const statements: BatchStatement[] = [
    commitStatement(id, commits, ENDED, clock),
    { sql: CHARGE, rows },
    { sql: MARK, rows },
    { sql: "delete from gateway_budget_grants where instance = $1", rows },
  ];
  try {
    const results = await database.batch(statements);
    return results[2]!.changes;
  } catch (error) {
    if (error instanceof HomegrownError && error.code === "storage/constraint") return undefined;
    throw error;
  }
}

/** Instances that said goodbye (or were ended) and yet have open rows: their requests outlived them. */
export async function findLeftOpen(database: StateDatabase): Promise<SeenInstance[]> {
  return database.queries
    .selectFrom("gateway_ledger as row")
    .innerJoin("gateway_instances as instance", "instance.id", "row.instance")
    .select(["instance.id", "instance.commits"])
    .distinct()
    .where("row.outcome", "=", "open")
    .where("instance.commits", "=", ENDED)
    .execute();
}
