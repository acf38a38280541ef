// What several processes must agree on: keys, budgets, who is alive, and one row for each request. Money is in
// whole nano-dollars (1e-9 USD), times are milliseconds of the Unix epoch; both fit a JavaScript number. A cost
// that nobody knows is null, never 0.
import { sql } from "@homegrown/storage";
import type { Database, Generated, MigrationSet } from "@homegrown/storage";

export type BudgetScope = "key" | "team" | "total";
export type BudgetPeriod = "day" | "month";
export type Outcome = "open" | "completed" | "failed" | "client-left" | "refused" | "interrupted";

export interface GatewayTables {
  /** Counters that grow with every change of what running gateways keep in memory. */
  gateway_revisions: { name: string; value: number };
  gateway_keys: {
    id: string;
    name: string;
    team: string | null;
    /** JSON arrays of text; null allows all. */
    tags: string;
    aliases: string | null;
    endpoints: string | null;
    requests_per_minute: number | null;
    tokens_per_minute: number | null;
    concurrent_streams: number | null;
    rights: string;
    may_store_responses: number;
    created_at: number;
    expires_at: number | null;
    revoked_at: number | null;
    /** Of the revision `keys` that changed this row last. */
    revision: number;
  };
  /** A key has one secret, or two while a rotation's overlap lasts. */
  gateway_key_secrets: {
    key_id: string;
    /** Hex digest of the key's whole text; the text itself is nowhere. */
    sha256: string;
    created_at: number;
    ends_at: number | null;
  };
  gateway_key_audit: {
    id: Generated<number>;
    key_id: string;
    action: "create" | "rotate" | "update" | "revoke";
    actor: string;
    reason: string;
    /** JSON: what was set. */
    change: string;
    at: number;
  };
  gateway_budgets: {
    scope: BudgetScope;
    /** A key's id, a team's name, or the empty text. */
    scope_id: string;
    period: BudgetPeriod;
    limit_nano_usd: number;
    set_by: string;
    set_at: number;
  };
  gateway_budget_periods: {
    scope: BudgetScope;
    scope_id: string;
    period: BudgetPeriod;
    starts_at: number;
    spent_nano_usd: number;
    /** Grows when an instance lacks what others hold unused: they give it back. */
    wanted: number;
  };
  /** What an instance may spend on its own; see `budgets/`. */
  gateway_budget_grants: {
    instance: number;
    scope: BudgetScope;
    scope_id: string;
    period: BudgetPeriod;
    starts_at: number;
    granted_nano_usd: number;
    /** The last `wanted` of the period that this instance has answered: what it holds now, it needs. */
    answered: number;
  };
  gateway_instances: {
    id: Generated<number>;
    host: string;
    pid: number;
    /** Tells a process from another with the same id. */
    started: string;
    started_at: number;
    heartbeat_at: number;
    /** Grows with every commit of the instance; `ENDED` once it left or was found dead. */
    commits: number;
  };
  gateway_ledger: LedgerTable;
}

export interface LedgerTable {
  /** Primary key together with `number`: clients may repeat their request ids. */
  instance: number;
  number: number;
  request_id: string;
  at: number;
  key_id: string;
  team: string | null;
  alias: string;
  route: string | null;
  target: string | null;
  provider: string | null;
  version: string | null;
  dialect: string;
  streamed: number;
  own: number;
  input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  audio_ms: number;
  estimated: number;
  cost_nano_usd: number | null;
  /** The request whose copy this is; such a row has no `cost_nano_usd`. */
  mirror_of: string | null;
  mirror_cost_nano_usd: number | null;
  price_source: string | null;
  latency_ms: number | null;
  first_byte_ms: number | null;
  attempts: number;
  outcome: Outcome;
  error_code: string | null;
  cached: number;
  /** JSON object of text, or null. */
  labels: string | null;
  /** Of a row that was written while its request ran: what it is charged if nobody ever settles it, and where. */
  reserved_nano_usd: number | null;
  budget_day: number | null;
  budget_month: number | null;
}

/** What the gateway asks of a database; one with more tables than these will do. */
export type StateDatabase = Pick<Database<GatewayTables>, "engine" | "location" | "batch" | "queries"> & {
  transaction: Database<GatewayTables>["transaction"];
};

/** `gateway_instances.commits` of an instance that will never commit again. */
export const ENDED = Number.MAX_SAFE_INTEGER;

export const GATEWAY_MIGRATIONS: MigrationSet = {
  owner: "gateway",
  migrations: [
    {
      name: "create-keys-budgets-ledger",
      up: async (db, { engine, text, integer, id, strict }) => {
        // The ledger's rows lie in the order of their key: no second tree to keep for each insert.
        const clustered = engine === "sqlite" ? sql.raw("strict, without rowid") : strict;
        const statements = [
          sql`create table gateway_revisions (name ${text} primary key, value ${integer} not null) ${strict}`,
          sql`create table gateway_keys (
            id ${text} primary key,
            name ${text} not null,
            team ${text},
            tags ${text} not null,
            aliases ${text},
            endpoints ${text},
            requests_per_minute ${integer},
            tokens_per_minute ${integer},
            concurrent_streams ${integer},
            rights ${text} not null,
            may_store_responses ${integer} not null,
            created_at ${integer} not null,
            expires_at ${integer},
            revoked_at ${integer},
            revision ${integer} not null
          ) ${strict}`,
          sql`create index gateway_keys_of_revision on gateway_keys (revision)`,
          sql`create table gateway_key_secrets (
            key_id ${text} not null references gateway_keys (id),
            sha256 ${text} not null,
            created_at ${integer} not null,
            ends_at ${integer},
            primary key (key_id, sha256)
          ) ${strict}`,
          sql`create table gateway_key_audit (
            id ${id},
            key_id ${text} not null,
            action ${text} not null,
            actor ${text} not null,
            reason ${text} not null,
            change ${text} not null,
            at ${integer} not null
          ) ${strict}`,
          sql`create index gateway_key_audit_of_key on gateway_key_audit (key_id, id)`,
          sql`create table gateway_budgets (
            scope ${text} not null,
            scope_id ${text} not null,
            period ${text} not null,
            limit_nano_usd ${integer} not null,
            set_by ${text} not null,
            set_at ${integer} not null,
            primary key (scope, scope_id, period)
          ) ${strict}`,
          sql`create table gateway_budget_periods (
            scope ${text} not null,
            scope_id ${text} not null,
            period ${text} not null,
            starts_at ${integer} not null,
            spent_nano_usd ${integer} not null,
            wanted ${integer} not null,
            primary key (scope, scope_id, period, starts_at)
          ) ${strict}`,
          sql`create table gateway_instances (
            id ${id},
            host ${text} not null,
            pid ${integer} not null,
            started ${text} not null,
            started_at ${integer} not null,
            heartbeat_at ${integer} not null,
            commits ${integer} not null,
            check (commits >= 0)
          ) ${strict}`,
          sql`create table gateway_budget_grants (
            instance ${integer} not null,
            scope ${text} not null,
            scope_id ${text} not null,
            period ${text} not null,
            starts_at ${integer} not null,
            granted_nano_usd ${integer} not null,
            answered ${integer} not null,
            primary key (scope, scope_id, period, starts_at, instance),
            check (granted_nano_usd >= 0)
          ) ${strict}`,
          sql`create index gateway_budget_grants_of_instance on gateway_budget_grants (instance)`,
          sql`create table gateway_ledger (
            instance ${integer} not null,
            number ${integer} not null,
            request_id ${text} not null,
            at ${integer} not null,
            key_id ${text} not null,
            team ${text},
            alias ${text} not null,
            route ${text},
            target ${text},
            provider ${text},
            version ${text},
            dialect ${text} not null,
            streamed ${integer} not null,
            own ${integer} not null,
            input_tokens ${integer} not null,
            cache_read_tokens ${integer} not null,
            cache_write_tokens ${integer} not null,
            output_tokens ${integer} not null,
            reasoning_tokens ${integer} not null,
            audio_ms ${integer} not null,
            estimated ${integer} not null,
            cost_nano_usd ${integer},
            mirror_of ${text},
            mirror_cost_nano_usd ${integer},
            price_source ${text},
            latency_ms ${integer},
            first_byte_ms ${integer},
            attempts ${integer} not null,
            outcome ${text} not null,
            error_code ${text},
            cached ${integer} not null,
            labels ${text},
            reserved_nano_usd ${integer},
            budget_day ${integer},
            budget_month ${integer},
            primary key (instance, number)
          ) ${clustered}`,
          sql`create index gateway_ledger_at on gateway_ledger (at)`,
          sql`create index gateway_ledger_open on gateway_ledger (instance) where outcome = 'open'`,
          sql`insert into gateway_revisions (name, value) values ('keys', 0), ('budgets', 0)`,
        ];
        for (const statement of statements) await statement.execute(db);
      },
    },
  ],
};
