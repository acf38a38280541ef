// The store's side of grants. One batch for all accounts of an instance, always in the same order: the period's
// row is updated first, which on Postgres is also the lock that makes the rest of the batch see what others have
// committed; rows are sorted, so that two instances never wait for each other in a circle.
import type { BatchResult, BatchStatement, SqlValue } from "@homegrown/storage";
import { accountName } from "./account.ts";
import type { AccountKey, AccountState } from "./account.ts";
import type { BudgetPeriod, BudgetScope } from "../state/tables.ts";

/** What an instance says about one account in one batch. */
export interface AccountOrder {
  key: AccountKey;
  endsAt: number;
  /** First time: make the rows. */
  open: boolean;
  /** Spent since the last batch; below 0 when a charge is taken back. */
  charge: number;
  /** Leaves the grant: what `charge` used of it, and what is given back. */
  release: number;
  /** More is wanted: `need` if it is there, `slice` if there is plenty, at least `floor` or nothing at all. */
  ask: { need: number; slice: number; floor: number } | undefined;
  /** The others' call that `release` answers. */
  answer: number | undefined;
  /** Call on the others to give back what lies idle with them. */
  callBack: boolean;
}

const OF_PERIOD = "scope = $1 and scope_id = $2 and period = $3 and starts_at = $4";

/** No budget reaches it, and every engine and JSON can still say it: sums stop here. */
const MOST_NANO = 9e15;

/**
 * A budget that is new in the middle of its period counts what was spent before. The ledger holds the rows of this
 * batch already, and `CHARGE` is about to add them: $6 takes them out.
 */
const OPEN_PERIOD = `insert into gateway_budget_periods (scope, scope_id, period, starts_at, spent_nano_usd, wanted)
  select b.scope, b.scope_id, b.period, cast($4 as bigint), coalesce((
    select case when sum(l.cost_nano_usd) > ${MOST_NANO} then ${MOST_NANO} else cast(sum(l.cost_nano_usd) as bigint) end
    from gateway_ledger l
    where l.at >= $4 and l.at < $5
      and (b.scope = 'total' or (b.scope = 'key' and l.key_id = b.scope_id) or (b.scope = 'team' and l.team = b.scope_id))
  ), 0) - cast($6 as bigint), 0
  from gateway_budgets b
  where b.scope = $1 and b.scope_id = $2 and b.period = $3
    and not exists (select 1 from gateway_budget_periods p where p.scope = $1 and p.scope_id = $2 and p.period = $3 and p.starts_at = $4)
  on conflict (scope, scope_id, period, starts_at) do nothing`;

const OPEN_GRANT = `insert into gateway_budget_grants (scope, scope_id, period, starts_at, instance, granted_nano_usd, answered)
  values ($1, $2, $3, $4, $5, 0, 0)
  on conflict (scope, scope_id, period, starts_at, instance) do nothing`;

const CHARGE = `update gateway_budget_periods
  set spent_nano_usd = case when spent_nano_usd + cast($5 as bigint) > ${MOST_NANO} then ${MOST_NANO}
      else spent_nano_usd + cast($5 as bigint) end,
    wanted = wanted + cast($6 as bigint)
  where ${OF_PERIOD}`;

const RELEASE = `update gateway_budget_grants
  set granted_nano_usd = case when granted_nano_usd > cast($6 as bigint) then granted_nano_usd - cast($6 as bigint) else 0 end,
    answered = case when answered < cast($7 as bigint) then cast($7 as bigint) else answered end
  where ${OF_PERIOD} and instance = $5`;

const NEED = "cast($6 as bigint)";
const SLICE = "cast($7 as bigint)";
const FLOOR = "cast($8 as bigint)";
/** A slice is at most a quarter of what is left, so that others find something too. */
const GRANT = `update gateway_budget_grants
  set granted_nano_usd = granted_nano_usd + coalesce((
    select case
      when t.unspent / 4 >= ${SLICE} then ${SLICE}
      when t.unspent / 4 >= ${NEED} then t.unspent / 4
      when t.unspent >= ${NEED} then ${NEED}
      when t.unspent >= ${FLOOR} and t.unspent > 0 then t.unspent
      else 0 end
    from (
      select b.limit_nano_usd - p.spent_nano_usd - (
        select cast(coalesce(sum(g.granted_nano_usd), 0) as bigint) from gateway_budget_grants g
        where g.scope = $1 and g.scope_id = $2 and g.period = $3 and g.starts_at = $4
      ) as unspent
      from gateway_budget_periods p
      join gateway_budgets b on b.scope = p.scope and b.scope_id = p.scope_id and b.period = p.period
      where p.scope = $1 and p.scope_id = $2 and p.period = $3 and p.starts_at = $4
    ) t
    where t.unspent > 0
  ), 0)
  where ${OF_PERIOD} and instance = $5`;

const READ = `select p.scope, p.scope_id, p.period, p.starts_at, b.limit_nano_usd, p.spent_nano_usd, p.wanted,
    (select cast(sum(g.granted_nano_usd) as bigint) from gateway_budget_grants g
      where g.scope = $1 and g.scope_id = $2 and g.period = $3 and g.starts_at = $4 and g.instance = $5) as granted,
    (select cast(coalesce(sum(g.granted_nano_usd), 0) as bigint) from gateway_budget_grants g
      where g.scope = $1 and g.scope_id = $2 and g.period = $3 and g.starts_at = $4 and g.instance <> $5) as elsewhere,
    (select min(g.answered) from gateway_budget_grants g
      where g.scope = $1 and g.scope_id = $2 and g.period = $3 and g.starts_at = $4 and g.instance <> $5
        and g.granted_nano_usd > 0) as answered
  from gateway_budget_periods p
  join gateway_budgets b on b.scope = p.scope and b.scope_id = p.scope_id and b.period = p.period
  where p.scope = $1 and p.scope_id = $2 and p.period = $3 and p.starts_at = $4`;

interface StateRow {
  scope: BudgetScope;
  scope_id: string;
  period: BudgetPeriod;
  starts_at: number;
  limit_nano_usd: number;
  spent_nano_usd: number;
  wanted: number;
  granted: number | null;
  elsewhere: number;
  answered: number | null;
}

/** `orders` sorted by their accounts' names. */
export function toStatements(instance: number, orders: readonly AccountOrder[]): BatchStatement[] {
  const opened = orders.filter(({ open }) => open);
  const asking = orders.filter(({ ask }) => ask !== undefined);
  return [
    {
      sql: OPEN_PERIOD,
      rows: opened.map(({ key, endsAt, charge }) => [...toValues(key), endsAt, clamp(charge)]),
    },
    {
      sql: CHARGE,
      rows: orders.map((one) => [...toValues(one.key), clamp(one.charge), one.callBack ? 1 : 0]),
    },
    { sql: OPEN_GRANT, rows: opened.map(({ key }) => [...toValues(key), instance]) },
    {
      sql: RELEASE,
      rows: orders
        .filter(({ release, answer }) => release > 0 || answer !== undefined)
        .map(({ key, release, answer }) => [...toValues(key), instance, clamp(release), answer ?? 0]),
    },
    {
      sql: GRANT,
      rows: asking.map(({ key, ask }) => [
        ...toValues(key),
        instance,
        clamp(ask!.need),
        clamp(ask!.slice),
        clamp(ask!.floor),
      ]),
    },
    { sql: READ, rows: orders.map(({ key }) => [...toValues(key), instance]) },
  ];
}

/** By account's name; accounts whose budget was removed are missing. */
export function toStates(results: readonly BatchResult[]): Map<string, AccountState> {
  const states = new Map<string, AccountState>();
  for (const row of (results.at(-1)?.rows ?? []) as unknown as StateRow[]) {
    const { scope, scope_id: scopeId, period, starts_at: startsAt } = row;
    states.set(accountName({ scope, scopeId, period, startsAt }), {
      limit: row.limit_nano_usd,
      spent: row.spent_nano_usd,
      granted: row.granted ?? undefined,
      grantedElsewhere: row.elsewhere,
      wanted: row.wanted,
      answeredElsewhere: row.answered ?? Infinity,
    });
  }
  return states;
}

/** What a client may ask for has no bound: a batch that no engine takes would hold all others up. */
function clamp(nano: number): number {
  return Math.max(-MOST_NANO, Math.min(nano, MOST_NANO));
}

function toValues({ scope, scopeId, period, startsAt }: AccountKey): SqlValue[] {
  return [scope, scopeId, period, startsAt];
}
