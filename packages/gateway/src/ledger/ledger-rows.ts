// Entries as rows and back. What clients and providers wrote is made fit for every engine: bounded, whole numbers,
// no U+0000, no half characters.
import type { Selectable, SqlValue } from "@homegrown/storage";
import type { LedgerTable } from "../state/tables.ts";
import type { FinalLedgerEntry, LedgerRecord, NewLedgerEntry } from "./ledger-entry.ts";

const SETTLED_COLUMNS = [
  "instance",
  "number",
  "request_id",
  "at",
  "key_id",
  "team",
  "alias",
  "dialect",
  "streamed",
  "labels",
  "mirror_of",
  "route",
  "target",
  "provider",
  "version",
  "own",
  "input_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
  "output_tokens",
  "reasoning_tokens",
  "audio_ms",
  "estimated",
  "cost_nano_usd",
  "mirror_cost_nano_usd",
  "price_source",
  "latency_ms",
  "first_byte_ms",
  "attempts",
  "outcome",
  "error_code",
  "cached",
] as const satisfies readonly (keyof LedgerTable)[];

const OPEN_COLUMNS = [
  ...SETTLED_COLUMNS,
  "reserved_nano_usd",
  "budget_day",
  "budget_month",
] as const satisfies readonly (keyof LedgerTable)[];

const NO_TARGET: readonly SqlValue[] = [null, null, null, null, 0];
/** All but the input's, and `estimated`. */
const NO_MORE_TOKENS: readonly SqlValue[] = [0, 0, 0, 0, 0, 1];
/** Costs, price, times, attempts, outcome, error, cached. */
const NO_END: readonly SqlValue[] = [null, null, null, null, null, 0, "open", null, 0];

/** Everything before this is the same in the open row. */
const FIRST_FINAL = SETTLED_COLUMNS.indexOf("route");

/** One statement for both, so that it does not matter whether the open row was written. */
export const WRITE_SETTLED: string = `${insert(SETTLED_COLUMNS)}
  on conflict (instance, number) do update set ${SETTLED_COLUMNS.slice(FIRST_FINAL)
    .map((column) => `${column} = excluded.${column}`)
    .join(", ")}, reserved_nano_usd = null, budget_day = null, budget_month = null`;

export const WRITE_OPEN: string = `${insert(OPEN_COLUMNS)} on conflict (instance, number) do nothing`;

function insert(columns: readonly string[]): string {
  const values = columns.map((_, i) => `$${i + 1}`);
  return `insert into gateway_ledger (${columns.join(", ")}) values (${values.join(", ")})`;
}

export interface RowHead {
  instance: number;
  number: number;
  atMs: number;
  entry: NewLedgerEntry;
}

export function toSettledRow(
  { instance, number, atMs, entry }: RowHead,
  final: FinalLedgerEntry,
): SqlValue[] {
  const { usage } = final;
  const isMirror = entry.mirrorOf !== undefined;
  return [
    instance,
    number,
    clean(entry.requestId),
    atMs,
    entry.keyId,
    entry.team ?? null,
    clean(entry.alias),
    entry.dialect,
    entry.streamed ? 1 : 0,
    toLabels(entry.labels),
    entry.mirrorOf ?? null,
    final.route ?? null,
    final.target ?? null,
    final.provider ?? null,
    final.version === undefined ? null : clean(final.version),
    final.own === true ? 1 : 0,
    toCount(usage.input),
    toCount(usage.cacheRead),
    toCount(usage.cacheWrite),
    toCount(usage.output),
    toCount(usage.reasoning),
    usage.audioSeconds === undefined ? 0 : toCount(usage.audioSeconds * 1000),
    usage.estimated ? 1 : 0,
    isMirror ? null : toCost(final.costNano),
    isMirror ? toCost(final.costNano) : null,
    final.priceSource ?? null,
    toCount(final.latencyMs),
    final.firstByteMs === undefined ? null : toCount(final.firstByteMs),
    final.attempts,
    final.outcome,
    final.errorCode ?? null,
    final.cached === true ? 1 : 0,
  ];
}

export function toOpenRow({ instance, number, atMs, entry }: RowHead): SqlValue[] {
  const { periods } = entry.reservation ?? {};
  return [
    instance,
    number,
    clean(entry.requestId),
    atMs,
    entry.keyId,
    entry.team ?? null,
    clean(entry.alias),
    entry.dialect,
    entry.streamed ? 1 : 0,
    toLabels(entry.labels),
    entry.mirrorOf ?? null,
    ...NO_TARGET,
    toCount(entry.inputTokens),
    ...NO_MORE_TOKENS,
    ...NO_END,
    toCost(entry.inputCostNano),
    periods?.day ?? null,
    periods?.month ?? null,
  ];
}

export function toLedgerId(instance: number, number: number): string {
  return `${instance}-${number}`;
}

export function toLedgerRecord(row: Selectable<LedgerTable>): LedgerRecord {
  return {
    id: toLedgerId(row.instance, row.number),
    requestId: row.request_id,
    at: new Date(row.at),
    keyId: row.key_id,
    team: row.team ?? undefined,
    alias: row.alias,
    dialect: row.dialect,
    streamed: row.streamed === 1,
    outcome: row.outcome,
    errorCode: row.error_code ?? undefined,
    route: row.route ?? undefined,
    target: row.target ?? undefined,
    provider: row.provider ?? undefined,
    version: row.version ?? undefined,
    own: row.own === 1,
    usage: {
      input: row.input_tokens,
      cacheRead: row.cache_read_tokens,
      cacheWrite: row.cache_write_tokens,
      output: row.output_tokens,
      reasoning: row.reasoning_tokens,
      ...(row.audio_ms > 0 && { audioSeconds: row.audio_ms / 1000 }),
      estimated: row.estimated === 1,
    },
    costNano: row.cost_nano_usd,
    mirrorOf: row.mirror_of ?? undefined,
    mirrorCostNano: row.mirror_cost_nano_usd,
    priceSource: row.price_source ?? undefined,
    latencyMs: row.latency_ms ?? undefined,
    firstByteMs: row.first_byte_ms ?? undefined,
    attempts: row.attempts,
    cached: row.cached === 1,
    labels: row.labels === null ? {} : (JSON.parse(row.labels) as Record<string, string>),
  };
}

/** More tokens or milliseconds than any request has: beyond, a provider reports nonsense. */
const MAX_COUNT = 1e12;
/** As much as a budget can be. */
const MAX_COST_NANO = 9e15;

/** Whole nano-dollars, rounded up; null where nobody knows. */
export function toCost(costNano: number | null): number | null {
  if (costNano === null || Number.isNaN(costNano)) return null;
  return Math.min(Math.max(0, Math.ceil(costNano)), MAX_COST_NANO);
}

function toCount(value: number): number {
  return Number.isNaN(value) ? 0 : Math.min(Math.max(0, Math.round(value)), MAX_COUNT);
}

const MAX_TEXT = 256;
const MAX_LABELS = 16;

function toLabels(labels: Readonly<Record<string, string>> | undefined): string | null {
  if (labels === undefined) return null;
  const kept: [string, string][] = [];
  for (const name in labels) {
    if (kept.length < MAX_LABELS) kept.push([clean(name), clean(labels[name]!)]);
  }
  return kept.length === 0 ? null : JSON.stringify(Object.fromEntries(kept));
}

function clean(text: string): string {
  const short = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
  const whole = short.isWellFormed() ? short : short.toWellFormed();
  return whole.includes("\0") ? whole.replaceAll("\0", "\u{fffd}") : whole;
}
