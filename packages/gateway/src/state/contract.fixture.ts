// What the suites of this folder and its neighbours share: entries, and a store with several users.
import assert from "node:assert/strict";
import { HomegrownError } from "@homegrown/contracts";
import type { Database } from "@homegrown/storage";
import { listBudgets } from "../budgets/budget-admin.ts";
import type { BudgetName } from "../budgets/budget-admin.ts";
import type { Demand, Reservation } from "../budgets/reservation.ts";
import type { Key } from "../core/key.ts";
import { LOCAL_CALLER } from "../keys/local-caller.ts";
import type { FinalLedgerEntry, NewLedgerEntry } from "../ledger/ledger-entry.ts";
import { GatewayState } from "./gateway-state.ts";
import type { GatewayStateOptions } from "./gateway-state.ts";
import { ENDED } from "./tables.ts";
import type { GatewayTables } from "./tables.ts";

/** One empty store; every `open` is a connection of its own, as another process would have. */
export interface ContractStore {
  open(): Promise<Database<GatewayTables>>;
  remove(): Promise<void>;
}

export const TOTAL: BudgetName = { scope: "total", scopeId: "", period: "day" };
export const BY = { actor: "ada", reason: "a test" };

export const newEntry = (more: Partial<NewLedgerEntry> = {}): NewLedgerEntry => ({
  requestId: "req_1",
  keyId: "aaaaaaaa",
  team: "search",
  alias: "fast",
  dialect: "openai/chat-completions",
  streamed: false,
  inputTokens: 100,
  inputCostNano: 1000,
  ...more,
});

export const finalEntry = (more: Partial<FinalLedgerEntry> = {}): FinalLedgerEntry => ({
  outcome: "completed",
  route: "fast",
  target: "openai/gpt-5-mini",
  provider: "openai",
  version: "gpt-5-mini-2026",
  usage: { input: 50, cacheRead: 10, cacheWrite: 0, output: 20, reasoning: 5, estimated: false },
  costNano: 700,
  priceSource: "config",
  latencyMs: 12.4,
  attempts: 1,
  ...more,
});

export function isCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof HomegrownError && error.code === code;
}

export function demand(units: number, perUnitNano = 1, minUnits = 1, fixedNano = 0): Demand {
  return { fixedNano, perUnitNano, units, minUnits };
}

export function keyOf(id: string, team?: string): Key {
  return { ...LOCAL_CALLER, id, team };
}

export function serve(state: GatewayState, reservation: Reservation, costNano: number | null): void {
  state.ledger.open(newEntry({ reservation })).settle(finalEntry({ costNano }));
}

export class StateContext {
  #openStore: () => Promise<ContractStore>;
  #store: ContractStore | undefined;
  #database: Database<GatewayTables> | undefined;
  #opened: { state: GatewayState; database: Database<GatewayTables> | undefined }[] = [];

  constructor(openStore: () => Promise<ContractStore>) {
    this.#openStore = openStore;
  }

  get database(): Database<GatewayTables> {
    return this.#database!;
  }

  async open(): Promise<void> {
    this.#store = await this.#openStore();
    this.#database = await this.#store.open();
  }

  openDatabase(): Promise<Database<GatewayTables>> {
    return this.#store!.open();
  }

  /** `alone`: over a connection of its own. */
  async openState(options: GatewayStateOptions & { alone?: boolean } = {}): Promise<GatewayState> {
    const own = options.alone === true ? await this.openDatabase() : undefined;
    const state = await GatewayState.open(own ?? this.database, { pollMs: 0, ...options });
    this.closeLater(state, own);
    return state;
  }

  closeLater(state: GatewayState, database: Database<GatewayTables> | undefined): void {
    this.#opened.push({ state, database });
  }

  /** Everything of the last test away, so that sums are this test's. */
  async clear(): Promise<void> {
    for (const { state, database } of this.#opened.splice(0)) {
      await state.close(2_000);
      await database?.close();
    }
    for (const table of [
      "gateway_ledger",
      "gateway_budgets",
      "gateway_budget_periods",
      "gateway_budget_grants",
    ] as const) {
      await this.database.queries.deleteFrom(table).execute();
    }
  }

  async close(): Promise<void> {
    await this.clear();
    await this.database.close();
    await this.#store!.remove();
  }

  async spentOf(wanted: BudgetName = TOTAL): Promise<{ spent: number; held: number }> {
    const found = (await listBudgets(this.database)).find(
      ({ scope, scopeId, period }) =>
        scope === wanted.scope && scopeId === wanted.scopeId && period === wanted.period,
    );
    assert.ok(found);
    return { spent: found.spentNanoUsd, held: found.heldNanoUsd };
  }

  /** The row of an instance whose process is not there. */
  async killInStore(instance: number): Promise<void> {
    const { numUpdatedRows } = await this.database.queries
      .updateTable("gateway_instances")
      .set({ started: "00000000" })
      .where("id", "=", instance)
      .where("commits", "<", ENDED)
      .executeTakeFirstOrThrow();
    assert.equal(numUpdatedRows, 1n);
  }
}
