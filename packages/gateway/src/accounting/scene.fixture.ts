// One store, one counting upstream, gateways over both, and a key.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandStart } from "@homegrown/testing";
import { listBudgets, setBudget } from "../budgets/budget-admin.ts";
import type { BudgetName, BudgetReport } from "../budgets/budget-admin.ts";
import { openGatewayDatabase } from "../composition/gateway-database.ts";
import type { GatewayDatabase, GatewayDatabaseLocation } from "../composition/gateway-database.ts";
import { createKey } from "../keys/key-admin.ts";
import type { ShownKey } from "../keys/key-admin.ts";
import type { KeySettings } from "../keys/key-settings.ts";
import type { LedgerRecord } from "../ledger/ledger-entry.ts";
import { listLedger } from "../ledger/usage.ts";
import { Clients } from "./client.fixture.ts";
import type { GatewaySettings } from "./gateway.fixture.ts";
import type { PriceInUsdPerMillion } from "./order.fixture.ts";
import { Upstream, startGatewayProcess } from "./processes.fixture.ts";
import type { Child } from "./processes.fixture.ts";

const BY = { actor: "ada", reason: "a test" };

export interface SceneStore {
  location: GatewayDatabaseLocation;
  remove(): Promise<void>;
}

export async function createSqliteStore(): Promise<SceneStore> {
  const folder = await mkdtemp(join(tmpdir(), "homegrown-accounting-"));
  return {
    location: { kind: "sqlite", file: join(folder, "gateway.db"), synchronous: "normal" },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export interface PricedModel {
  price: PriceInUsdPerMillion;
  maxOutputTokens?: number;
}

/** Both protocols at the same upstream: `openai/NAME` and `anthropic/NAME`. */
export function providersOf(
  upstream: Upstream,
  models: Readonly<Record<string, PricedModel>>,
): NonNullable<Extract<GatewaySettings["config"], { providers?: unknown }>["providers"]> {
  const priced = Object.fromEntries(
    Object.entries(models).map(([name, { price, maxOutputTokens }]) => [
      name,
      {
        price: {
          inputUsdPerMillion: price.input,
          outputUsdPerMillion: price.output,
          cacheReadUsdPerMillion: price.cacheRead,
          asOf: "2026-11-01",
        },
        ...(maxOutputTokens !== undefined && { maxOutputTokens }),
      },
    ]),
  );
  const baseUrl = `${upstream.url}/v1`;
  return {
    openai: { kind: "openai-compatible", baseUrl, models: priced },
    anthropic: { kind: "anthropic-compatible", baseUrl, models: priced },
  };
}

export class Scene {
  readonly store: SceneStore;
  readonly database: GatewayDatabase;
  readonly upstream: Upstream;
  readonly clients: Clients = new Clients();
  #gateways: Child[] = [];

  static async open(store: SceneStore, keeps: "entries" | "sums" = "entries"): Promise<Scene> {
    const database = await openGatewayDatabase(store.location);
    return new Scene(store, database, await Upstream.start(keeps));
  }

  private constructor(store: SceneStore, database: GatewayDatabase, upstream: Upstream) {
    this.store = store;
    this.database = database;
    this.upstream = upstream;
  }

  async startGateway(config: GatewaySettings["config"], start?: CommandStart): Promise<Child> {
    const gateway = await startGatewayProcess({ database: this.store.location, config }, start);
    this.#gateways.push(gateway);
    return gateway;
  }

  createKey(name: string, settings: KeySettings = {}): Promise<ShownKey> {
    return createKey(this.database, { name, ...settings }, BY);
  }

  setKeyBudget({ key }: ShownKey, limitUsd: number): Promise<void> {
    return this.setBudget({ scope: "key", scopeId: key.id, period: "month" }, limitUsd);
  }

  async setBudget(name: BudgetName, limitUsd: number): Promise<void> {
    await setBudget(this.database, { ...name, limitNanoUsd: Math.round(limitUsd * 1e9) }, BY);
  }

  async budgetOf({ key }: ShownKey): Promise<BudgetReport> {
    const found = (await listBudgets(this.database)).find(({ scopeId }) => scopeId === key.id);
    if (found === undefined) throw new Error(`${key.name} has no budget`);
    return found;
  }

  /** Of one key, oldest first. */
  async ledgerOf({ key }: ShownKey): Promise<LedgerRecord[]> {
    const records: LedgerRecord[] = [];
    let after: string | undefined;
    do {
      const page = await listLedger(this.database, {
        keyId: key.id,
        limit: 1000,
        ...(after !== undefined && { after }),
      });
      records.push(...page.records);
      after = page.next;
    } while (after !== undefined);
    return records.reverse();
  }

  /** Ends gateways in good order: what they know is then in the store. Throws if one of them does not end so. */
  async endGateways(): Promise<void> {
    for (let gateway = this.#gateways[0]; gateway; gateway = this.#gateways[0]) {
      await gateway.end();
      this.#gateways.shift();
    }
  }

  async killGateway(gateway: Child): Promise<void> {
    this.#gateways = this.#gateways.filter((one) => one !== gateway);
    await gateway.kill();
  }

  async close(): Promise<void> {
    await this.clients.close();
    for (const gateway of this.#gateways) await gateway.kill();
    await this.upstream.child.kill();
    await this.database.close();
    await this.store.remove();
  }
}

/** Sum of what a ledger's rows cost. */
export function costOf(records: readonly LedgerRecord[]): number {
  return records.reduce((sum, { costNano }) => sum + (costNano ?? 0), 0);
}
