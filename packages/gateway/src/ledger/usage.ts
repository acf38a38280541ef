// What the ledger says: sums for reports, pages for lists. Rows of requests that still run are not counted.
import { HomegrownError } from "@homegrown/contracts";
import { sql } from "@homegrown/storage";
import type { RawBuilder } from "@homegrown/storage";
import type { Outcome, StateDatabase } from "../state/tables.ts";
import type { LedgerRecord } from "./ledger-entry.ts";
import { toLedgerRecord } from "./ledger-rows.ts";

export const USAGE_GROUPS = [
  "key",
  "team",
  "alias",
  "route",
  "target",
  "provider",
  "version",
  "day",
] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

export interface UsageFilter {
  /** Default: since ever. */
  from?: Date;
  /** Exclusive; default: until now. */
  to?: Date;
  keyId?: string;
  team?: string;
  alias?: string;
}

export interface UsageTotals {
  numRequests: number;
  /** Of these, by how they ended. */
  outcomes: Readonly<Record<Exclude<Outcome, "open">, number>>;
  inputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  audioSeconds: number;
  /** Of what is known; see `numUnknownCosts`. */
  costNano: number;
  numUnknownCosts: number;
  /** Requests whose tokens or cost are our own count. */
  numEstimated: number;
  numCached: number;
  /** Mirrored traffic, which counts nowhere above. */
  numMirrored: number;
  mirrorCostNano: number;
  numUnknownMirrorCosts: number;
}

export interface UsageRow extends UsageTotals {
  /** The key's id, the alias, the day (`2026-11-25`, UTC), …; undefined for requests that have none. */
  group: string | undefined;
}

const COLUMNS = {
  key: "key_id",
  team: "team",
  alias: "alias",
  route: "route",
  target: "target",
  provider: "provider",
  version: "version",
} as const;
const DAY_MS = 86_400_000;
const MAX_GROUPS = 10_000;

/** By group, the most expensive first; days in their order. */
export async function readUsage(
  database: StateDatabase,
  { by, ...filter }: UsageFilter & { by: UsageGroup },
): Promise<UsageRow[]> {
  const group =
    by === "day" ? sql<number>`at / cast(${sql.lit(DAY_MS)} as bigint)` : sql.ref<string>(COLUMNS[by]);
  const rows = await readSums(database, filter, group);
  const reports = rows.map(({ group, ...sums }) => ({ group: toGroup(by, group), ...toTotals(sums) }));
  if (by === "day") return reports.sort((a, b) => ((a.group ?? "") < (b.group ?? "") ? -1 : 1));
  return reports.sort((a, b) => b.costNano - a.costNano || b.numRequests - a.numRequests);
}

export async function readTotals(database: StateDatabase, filter: UsageFilter = {}): Promise<UsageTotals> {
  const [row] = await readSums(database, filter, undefined);
  return toTotals(row!);
}

export interface LedgerPage {
  records: LedgerRecord[];
  /** For the next call; undefined at the end. */
  next: string | undefined;
}

/** Newest first. */
export async function listLedger(
  database: StateDatabase,
  options: UsageFilter & { limit?: number; after?: string; outcome?: Outcome; requestId?: string } = {},
): Promise<LedgerPage> {
  const limit = Math.min(Math.max(1, options.limit ?? 100), 1000);
  let query = database.queries
    .selectFrom("gateway_ledger")
    .selectAll()
    .where(toCondition(options))
    .orderBy("at", "desc")
    .orderBy("instance", "desc")
    .orderBy("number", "desc")
    .limit(limit + 1);
  if (options.outcome !== undefined) query = query.where("outcome", "=", options.outcome);
  if (options.requestId !== undefined) query = query.where("request_id", "=", options.requestId);
  if (options.after !== undefined) {
    const [at, instance, number] = parseCursor(options.after);
    query = query.where(sql<boolean>`(at, instance, number) < (${at}, ${instance}, ${number})`);
  }
  const rows = await query.execute();
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    records: shown.map(toLedgerRecord),
    next: rows.length > limit && last ? `${last.at}-${last.instance}-${last.number}` : undefined,
  };
}

const own = sql`mirror_of is null`;

function count(condition: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`cast(sum(case when ${condition} then 1 else 0 end) as bigint)`;
}

function sum(column: string): RawBuilder<unknown> {
  return sql`cast(sum(case when ${own} then ${sql.ref(column)} else 0 end) as bigint)`;
}

function ended(outcome: string): RawBuilder<unknown> {
  return count(sql`${own} and outcome = ${sql.lit(outcome)}`);
}

type Sums = Record<string, number | null>;

async function readSums(
  database: StateDatabase,
  filter: UsageFilter,
  group: RawBuilder<string | number> | undefined,
): Promise<({ group?: string | number | null } & Sums)[]> {
  const grouped = group === undefined ? sql`` : sql`${group} as ${sql.ref("group")},`;
  const { rows } = await sql<{ group?: string | number | null } & Sums>`select ${grouped}
      ${count(own)} as requests,
      ${ended("completed")} as completed, ${ended("failed")} as failed, ${ended("client-left")} as client_left,
      ${ended("refused")} as refused, ${ended("interrupted")} as interrupted,
      ${sum("input_tokens")} as input, ${sum("cache_read_tokens")} as cache_read,
      ${sum("cache_write_tokens")} as cache_write, ${sum("output_tokens")} as output,
      ${sum("reasoning_tokens")} as reasoning, ${sum("audio_ms")} as audio_ms,
      ${sum("cost_nano_usd")} as cost, ${count(sql`${own} and cost_nano_usd is null`)} as unknown_costs,
      ${count(sql`${own} and estimated = 1`)} as estimated, ${count(sql`${own} and cached = 1`)} as cached,
      ${count(sql`mirror_of is not null`)} as mirrored,
      cast(coalesce(sum(mirror_cost_nano_usd), 0) as bigint) as mirror_cost,
      ${count(sql`mirror_of is not null and mirror_cost_nano_usd is null`)} as unknown_mirror_costs
    from gateway_ledger where ${toCondition(filter)} and outcome <> 'open'
    ${group === undefined ? sql`` : sql`group by ${group}`}
    ${group === undefined ? sql`` : sql`order by cost desc, requests desc limit ${sql.lit(MAX_GROUPS)}`}`.execute(
    database.queries,
  );
  return rows;
}

function toCondition({ from, to, keyId, team, alias }: UsageFilter): RawBuilder<boolean> {
  const conditions = [
    from && sql`at >= ${from.getTime()}`,
    to && sql`at < ${to.getTime()}`,
    keyId !== undefined && sql`key_id = ${keyId}`,
    team !== undefined && sql`team = ${team}`,
    alias !== undefined && sql`alias = ${alias}`,
  ].filter((one) => one !== undefined && one !== false);
  return conditions.length === 0 ? sql<boolean>`1 = 1` : sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}

function toTotals(row: Sums): UsageTotals {
  const at = (name: string): number => row[name] ?? 0;
  return {
    numRequests: at("requests"),
    outcomes: {
      completed: at("completed"),
      failed: at("failed"),
      "client-left": at("client_left"),
      refused: at("refused"),
      interrupted: at("interrupted"),
    },
    inputTokens: at("input"),
    cacheReadTokens: at("cache_read"),
    cacheWriteTokens: at("cache_write"),
    outputTokens: at("output"),
    reasoningTokens: at("reasoning"),
    audioSeconds: at("audio_ms") / 1000,
    costNano: at("cost"),
    numUnknownCosts: at("unknown_costs"),
    numEstimated: at("estimated"),
    numCached: at("cached"),
    numMirrored: at("mirrored"),
    mirrorCostNano: at("mirror_cost"),
    numUnknownMirrorCosts: at("unknown_mirror_costs"),
  };
}

function toGroup(by: UsageGroup, value: string | number | null | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  return by === "day" ? new Date(Number(value) * DAY_MS).toISOString().slice(0, 10) : String(value);
}

function parseCursor(text: string): [number, number, number] {
  const match = /^(\d{1,15})-(\d{1,15})-(\d{1,15})$/.exec(text);
  if (match) return [Number(match[1]), Number(match[2]), Number(match[3])];
  throw new HomegrownError({
    code: "gateway/invalid-cursor",
    kind: "invalid-input",
    message: "the cursor of the ledger's page is none that a page gave",
    hint: "Pass `next` of the page before, unchanged.",
  });
}
