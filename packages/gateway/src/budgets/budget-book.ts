// Which budgets there are, and which accounts a key's requests count in at a time.
import type { Key } from "../core/key.ts";
import { readRevision } from "../state/revisions.ts";
import type { BudgetPeriod, BudgetScope, StateDatabase } from "../state/tables.ts";
import { Account, accountName } from "./account.ts";
import { endOfPeriod, startOfPeriod } from "./periods.ts";

/** Holds for one key until the next midnight (UTC). */
export interface BudgetPlan {
  accounts: readonly Account[];
  periods: { day: number; month: number };
  team: string | undefined;
}

export class BudgetBook {
  readonly accounts = new Map<string, Account>();
  readonly touched = new Set<Account>();
  #database: StateDatabase;
  #periods = new Map<string, BudgetPeriod[]>();
  #plans = new Map<string, BudgetPlan>();
  #revision = -1;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  get isEmpty(): boolean {
    return this.#periods.size === 0;
  }

  /** Reads all budgets if they have changed since the last time, or in any case. */
  async refresh(always = false): Promise<void> {
    const revision = await readRevision(this.#database, "budgets");
    if (revision === this.#revision && !always) return;
    const rows = await this.#database.queries
      .selectFrom("gateway_budgets")
      .select(["scope", "scope_id", "period"])
      .orderBy("period")
      .execute();
    const periods = new Map<string, BudgetPeriod[]>();
    for (const { scope, scope_id: id, period } of rows) {
      periods.set(`${scope} ${id}`, [...(periods.get(`${scope} ${id}`) ?? []), period]);
    }
    this.#periods = periods;
    this.#plans.clear();
    for (const account of this.accounts.values()) account.dryUntilMs = 0;
    this.#revision = revision;
  }

  planOf(key: Key, wallMs: number): BudgetPlan {
    const known = this.#plans.get(key.id);
    const day = startOfPeriod("day", wallMs);
    if (known !== undefined && known.periods.day === day && known.team === key.team) return known;
    const periods = { day, month: startOfPeriod("month", wallMs) };
    const accounts = [
      ...this.#accountsOf("key", key.id, periods),
      ...(key.team === undefined ? [] : this.#accountsOf("team", key.team, periods)),
      ...this.#accountsOf("total", "", periods),
    ];
    const plan = { accounts, periods, team: key.team };
    this.#plans.set(key.id, plan);
    return plan;
  }

  /** Forgets accounts that are over, or whose budget is gone, once nothing of them is left here. */
  sweep(wallMs: number): void {
    for (const [name, account] of this.accounts) {
      const { scope, scopeId, period } = account.key;
      const exists = this.#periods.get(`${scope} ${scopeId}`)?.includes(period) === true;
      if (account.isIdle && (!exists || account.endsAt <= wallMs)) {
        this.accounts.delete(name);
        this.#plans.clear();
      }
    }
  }

  #accountsOf(scope: BudgetScope, scopeId: string, starts: { day: number; month: number }): Account[] {
    return (this.#periods.get(`${scope} ${scopeId}`) ?? []).map((period) => {
      const key = { scope, scopeId, period, startsAt: starts[period] };
      const known = this.accounts.get(accountName(key));
      if (known !== undefined) return known;
      const account = new Account(key, endOfPeriod(period, key.startsAt), this.touched);
      this.accounts.set(account.name, account);
      return account;
    });
  }
}
