import { Command, Option } from "commander";
import { USAGE_GROUPS, listKeys, readTotals, readUsage } from "@homegrown/gateway";
import type { Key, UsageFilter, UsageGroup, UsageRow, UsageTotals } from "@homegrown/gateway";
import { withConfigOption, withState } from "../gateway/configuration.ts";
import { findKey } from "../gateway/find-key.ts";
import { formatCost } from "../gateway/money.ts";
import { formatMinute, parseFrom, parseTo, startOfMonth } from "../gateway/times.ts";
import { cut, formatCount, formatTable } from "../terminal/format.ts";
import { createOutput } from "../terminal/output.ts";

interface UsageOptions {
  home: string;
  json: boolean;
  config?: string;
  by: UsageGroup;
  from?: Date;
  to?: Date;
  key?: string;
  team?: string;
  alias?: string;
}

interface Column {
  header: string;
  cell: (row: UsageTotals) => string;
  /** Left out where no row has anything of it. */
  isUsed?: (totals: UsageTotals) => boolean;
}

const COLUMNS: readonly Column[] = [
  { header: "requests", cell: (row) => row.numRequests.toLocaleString("en-US") },
  { header: "failed", cell: (row) => formatCount(row.numRequests - row.outcomes.completed) },
  { header: "input", cell: (row) => formatCount(row.inputTokens) },
  {
    header: "cache read",
    cell: (row) => formatCount(row.cacheReadTokens),
    isUsed: ({ cacheReadTokens, cacheWriteTokens }) => cacheReadTokens + cacheWriteTokens > 0,
  },
  {
    header: "write",
    cell: (row) => formatCount(row.cacheWriteTokens),
    isUsed: ({ cacheWriteTokens }) => cacheWriteTokens > 0,
  },
  { header: "output", cell: (row) => formatCount(row.outputTokens) },
  {
    header: "reasoning",
    cell: (row) => formatCount(row.reasoningTokens),
    isUsed: ({ reasoningTokens }) => reasoningTokens > 0,
  },
  {
    header: "cost",
    cell: (row) => formatCost(row.costNano, row.numUnknownCosts, row.numRequests),
  },
  {
    header: "mirrored",
    cell: ({ mirrorCostNano, numUnknownMirrorCosts, numMirrored }) =>
      numMirrored === 0 ? "-" : formatCost(mirrorCostNano, numUnknownMirrorCosts, numMirrored),
    isUsed: ({ numMirrored }) => numMirrored > 0,
  },
];

export function defineUsage(): Command {
  return withConfigOption(
    new Command("usage")
      .description("What was asked and what it cost: by key, team, model, target or day.")
      .addOption(new Option("--by <group>", "one row for each").choices(USAGE_GROUPS).default("key"))
      .option("--from <when>", "first day (UTC), instant or 7d ago (default: this month's start)", (t) =>
        parseFrom(t),
      )
      .option("--to <when>", "last day, or an instant (default: now)", (t) => parseTo(t))
      .option("--key <key>", "of one key: its id, or its name")
      .option("--team <name>", "of one team")
      .option("--alias <name>", "of one model")
      .addHelpText("after", "\nExample:\n  homegrown usage --by team --from 2026-11-01 --to 2026-11-30"),
  ).action((options: UsageOptions) =>
    withState(options, async (database) => {
      const { by, from = startOfMonth(), to, team, alias } = options;
      const output = createOutput(options);
      const keyId = options.key === undefined ? undefined : (await findKey(database, options.key)).id;
      const filter: UsageFilter = {
        from,
        ...(to !== undefined && { to }),
        ...(keyId !== undefined && { keyId }),
        ...(team !== undefined && { team }),
        ...(alias !== undefined && { alias }),
      };
      const rows = await readUsage(database, { ...filter, by });
      const totals = await readTotals(database, filter);
      output.print(`${formatMinute(from)} to ${to === undefined ? "now" : formatMinute(to)} (UTC)`);
      if (rows.length === 0) output.print("No request ended in this time.");
      else output.print(describeUsage(by, rows, totals, by === "key" ? await listKeys(database) : []));
      for (const line of describeRemarks(totals)) output.print(line);
      output.result({ from, to: to ?? null, by, rows, totals });
    }),
  );
}

function describeUsage(
  by: UsageGroup,
  rows: readonly UsageRow[],
  totals: UsageTotals,
  keys: readonly Key[],
): string {
  const nameOf = new Map(keys.map(({ id, name }) => [id, name]));
  const toLabel = ({ group }: UsageRow): string => {
    if (group === undefined) return "-";
    if (by !== "key") return cut(group, 30);
    return cut(group === "local" ? "this machine" : `${group} ${nameOf.get(group) ?? ""}`, 26);
  };
  const columns = COLUMNS.filter(({ isUsed }) => isUsed === undefined || isUsed(totals));
  const toCells = (label: string, row: UsageTotals): string[] => [
    label,
    ...columns.map(({ cell }) => cell(row)),
  ];
  const headers = columns.map(({ header }) => header);
  return formatTable(
    [by === "alias" ? "model" : by, ...headers],
    [...rows.map((row) => toCells(toLabel(row), row)), ...(rows.length > 1 ? [toCells("all", totals)] : [])],
    headers,
  );
}

function describeRemarks(totals: UsageTotals): string[] {
  const { outcomes, numEstimated, numCached, audioSeconds, numUnknownCosts, numMirrored } = totals;
  const failed = Object.entries(outcomes)
    .filter(([outcome, count]) => outcome !== "completed" && count > 0)
    .map(([outcome, count]) => `${count} ${outcome}`);
  const remarks = [
    failed.length > 0 && `of what failed: ${failed.join(", ")}`,
    numEstimated > 0 && `${numEstimated} with our own count of tokens, because the provider reported none`,
    numCached > 0 && `${numCached} answered from the cache`,
    audioSeconds > 0 && `${audioSeconds.toFixed(1)} s of sound`,
    numUnknownCosts > 0 && "unknown: the price of the model is not known; state it in the configuration",
    numMirrored > 0 && `${numMirrored} mirrored, which count in no other column`,
  ].filter((line) => line !== false);
  return remarks.map((line) => `  ${line}`);
}
