import { Command } from "commander";
import { listBudgets, listKeys, removeBudget, setBudget } from "@homegrown/gateway";
import type { BudgetName, GatewayDatabase } from "@homegrown/gateway";
import { currentActor } from "../gateway/actor.ts";
import { withConfigOption, withState } from "../gateway/configuration.ts";
import { findKey } from "../gateway/find-key.ts";
import { parseDollars } from "../gateway/money.ts";
import { describeBudgets } from "../gateway/tables.ts";
import { usage } from "../exit.ts";
import { createOutput } from "../terminal/output.ts";
import type { Output } from "../terminal/output.ts";

interface CommonOptions {
  home: string;
  json: boolean;
  config?: string;
}

interface ScopeOptions {
  total?: boolean;
  team?: string;
  key?: string;
}

export function defineBudgets(): Command {
  const budgets = new Command("budgets").description(
    "What the gateway may spend: for each key, each team and in total, by day and by month (UTC).",
  );
  for (const define of [defineSet, defineList, defineRemove]) budgets.addCommand(withConfigOption(define()));
  return budgets.addHelpText("after", "\nExample:\n  homegrown budgets set --team platform --month 500");
}

function withScope(command: Command): Command {
  return command
    .option("--total", "all keys together")
    .option("--team <name>", "all keys of a team together")
    .option("--key <key>", "one key: its id, or its name");
}

function defineSet(): Command {
  return withScope(
    new Command("set").description(
      "Make or change a budget; running gateways take it within a second, but for what they were granted before.",
    ),
  )
    .option("--day <usd>", "dollars a day", parseDollars)
    .option("--month <usd>", "dollars a month", parseDollars)
    .addHelpText(
      "after",
      "\nExample:\n  homegrown budgets set --total --day 50 --month 1000\n  homegrown budgets set --key Ab3dE6gH --month 20",
    )
    .action((options: CommonOptions & ScopeOptions & { day?: number; month?: number }) =>
      withState(options, async (database) => {
        const { day, month } = options;
        if (day === undefined && month === undefined) {
          throw usage("no amount was named", "Give --day USD, --month USD, or both.");
        }
        const scope = await toScope(database, options);
        for (const [period, limitNanoUsd] of [["day", day] as const, ["month", month] as const]) {
          if (limitNanoUsd === undefined) continue;
          await setBudget(database, { ...scope, period, limitNanoUsd }, { actor: currentActor() });
        }
        await show(database, createOutput(options), (one) => isOf(one, scope));
      }),
    );
}

function defineList(): Command {
  return new Command("list")
    .description("All budgets, and what is left of each.")
    .addHelpText("after", "\nExample:\n  homegrown budgets list")
    .action((options: CommonOptions) =>
      withState(options, (database) => show(database, createOutput(options), () => true)),
    );
}

function defineRemove(): Command {
  return withScope(new Command("remove").description("Lift a budget."))
    .option("--day", "the one by day", false)
    .option("--month", "the one by month", false)
    .addHelpText("after", "\nExample:\n  homegrown budgets remove --team platform --month")
    .action((options: CommonOptions & ScopeOptions & { day: boolean; month: boolean }) =>
      withState(options, async (database) => {
        if (!options.day && !options.month) {
          throw usage("no period was named", "Give --day, --month, or both.");
        }
        const output = createOutput(options);
        const scope = await toScope(database, options);
        const removed: BudgetName[] = [];
        for (const period of ["day", "month"] as const) {
          if (options[period] && (await removeBudget(database, { ...scope, period }))) {
            removed.push({ ...scope, period });
          }
        }
        if (removed.length === 0) output.print("There was no such budget.");
        for (const { period } of removed) output.print(`The budget by ${period} is lifted.`);
        output.result({ removed });
      }),
    );
}

async function toScope(
  database: GatewayDatabase,
  { total, team, key }: ScopeOptions,
): Promise<Pick<BudgetName, "scope" | "scopeId">> {
  const given = [total === true, team !== undefined, key !== undefined].filter(Boolean).length;
  if (given !== 1) {
    throw usage(
      "a budget is for one of total, team and key",
      "Give exactly one of --total, --team and --key.",
    );
  }
  if (total === true) return { scope: "total", scopeId: "" };
  if (team !== undefined) return { scope: "team", scopeId: team };
  // A budget for a mistyped key would hold nobody back.
  return { scope: "key", scopeId: (await findKey(database, key!)).id };
}

function isOf(one: BudgetName, { scope, scopeId }: Pick<BudgetName, "scope" | "scopeId">): boolean {
  return one.scope === scope && one.scopeId === scopeId;
}

async function show(
  database: GatewayDatabase,
  output: Output,
  isShown: (budget: BudgetName) => boolean,
): Promise<void> {
  const budgets = (await listBudgets(database)).filter(isShown);
  if (budgets.length === 0) {
    output.print("No budget: nothing limits what is spent.");
    output.print("Make one with `homegrown budgets set --total --month USD`.");
  } else output.print(describeBudgets(budgets, await listKeys(database)));
  output.result(budgets);
}
