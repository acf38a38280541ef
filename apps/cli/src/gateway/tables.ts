// Keys, budgets and requests as tables; none is wider than 120 columns with names of ordinary length.
import type { BudgetReport, Key, KeyAuditEntry, LedgerRecord } from "@homegrown/gateway";
import { cut, formatCount, formatTable } from "../terminal/format.ts";
import { formatDollars } from "./money.ts";
import { formatMinute } from "./times.ts";

export function describeKeys(keys: readonly Key[], now: number = Date.now()): string {
  return formatTable(
    ["id", "name", "team", "models", "limits", "state"],
    keys.map((key) => [
      key.id,
      cut(key.name, 20),
      cut(key.team ?? "-", 14),
      cut(key.aliases?.join(" ") ?? "all", 20),
      cut(describeLimits(key) || "none", 32),
      describeState(key, now),
    ]),
  );
}

export function describeState({ revokedAt, expiresAt }: Key, now: number = Date.now()): string {
  if (revokedAt !== undefined) return `revoked ${formatDay(revokedAt)}`;
  if (expiresAt === undefined) return "active";
  return expiresAt.getTime() <= now ? `expired ${formatDay(expiresAt)}` : `until ${formatDay(expiresAt)}`;
}

export function describeLimits({ limits }: Key): string {
  const { requestsPerMinute, tokensPerMinute, concurrentStreams } = limits;
  return [
    requestsPerMinute === undefined ? [] : [`${formatCount(requestsPerMinute)} requests/min`],
    tokensPerMinute === undefined ? [] : [`${formatCount(tokensPerMinute)} tokens/min`],
    concurrentStreams === undefined ? [] : [`${concurrentStreams} streams`],
  ]
    .flat()
    .join(", ");
}

export function describeKey(key: Key): string[] {
  return [
    `${key.id}  ${key.name}`,
    `  state      ${describeState(key)}`,
    `  team       ${key.team ?? "none"}`,
    `  models     ${key.aliases?.join(", ") ?? "all"}`,
    `  endpoints  ${key.endpoints?.join(", ") ?? "all"}`,
    `  limits     ${describeLimits(key) || "none"}`,
    `  rights     ${key.rights}${key.mayStoreResponses ? "" : "; may not store Responses"}`,
    ...(key.tags.length > 0 ? [`  tags       ${key.tags.join(", ")}`] : []),
    `  made       ${formatMinute(key.createdAt)} UTC`,
  ];
}

export function describeAudit(entries: readonly KeyAuditEntry[]): string {
  return formatTable(
    ["when (UTC)", "what", "who", "why"],
    entries.map(({ at, action, actor, reason }) => [
      formatMinute(at),
      action,
      cut(actor, 30),
      cut(reason || "-", 40),
    ]),
  );
}

export function describeBudgets(budgets: readonly BudgetReport[], keys: readonly Key[]): string {
  const nameOf = new Map(keys.map(({ id, name }) => [id, name]));
  return formatTable(
    ["for", "per", "limit", "spent", "held", "left", "starts anew", "set by"],
    budgets.map((budget) => {
      const { scope, scopeId, period, limitNanoUsd, spentNanoUsd, heldNanoUsd, resetsAt, setBy } = budget;
      const name = scope === "key" ? `${scopeId} ${nameOf.get(scopeId) ?? ""}`.trim() : scopeId;
      return [
        cut(scope === "total" ? "total" : `${scope} ${name}`, 30),
        period,
        formatDollars(limitNanoUsd),
        formatDollars(spentNanoUsd),
        formatDollars(heldNanoUsd),
        formatDollars(Math.max(0, limitNanoUsd - spentNanoUsd)),
        formatDay(resetsAt),
        cut(setBy, 20),
      ];
    }),
    ["limit", "spent", "held", "left"],
  );
}

export function describeLedger(records: readonly LedgerRecord[]): string {
  return formatTable(
    ["when (UTC)", "key", "model", "target", "in+out", "cost", "ms", "outcome"],
    records.map((record) => {
      const { at, keyId, alias, target, usage, costNano, mirrorOf, mirrorCostNano, latencyMs } = record;
      const outcome = record.errorCode ?? record.outcome;
      const cost = formatDollars(mirrorOf === undefined ? costNano : mirrorCostNano);
      return [
        at.toISOString().slice(5, 19).replace("T", " "),
        keyId,
        cut(alias, 16),
        cut(target ?? "-", 24),
        `${usage.estimated ? "~" : ""}${usage.input}+${usage.output}`,
        mirrorOf === undefined ? cost : `(${cost})`,
        latencyMs === undefined ? "-" : String(latencyMs),
        cut(record.cached ? `${outcome}, cached` : outcome, 26),
      ];
    }),
    ["in+out", "cost", "ms"],
  );
}

function formatDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}
