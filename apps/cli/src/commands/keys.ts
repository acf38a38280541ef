import { Command } from "commander";
import {
  createKey,
  listBudgets,
  listKeys,
  readKeyAudit,
  readTotals,
  revokeKey,
  rotateKey,
  setBudget,
  updateKey,
} from "@homegrown/gateway";
import type { Key, ShownKey } from "@homegrown/gateway";
import { currentActor } from "../gateway/actor.ts";
import { withConfigOption, withState } from "../gateway/configuration.ts";
import { findKey } from "../gateway/find-key.ts";
import { toKeySettings, withKeyOptions } from "../gateway/key-options.ts";
import type { KeyOptions } from "../gateway/key-options.ts";
import { formatCost, parseDollars } from "../gateway/money.ts";
import { describeAudit, describeBudgets, describeKey, describeKeys } from "../gateway/tables.ts";
import { formatMinute, parseDuration, startOfMonth } from "../gateway/times.ts";
import { usage } from "../exit.ts";
import { createOutput } from "../terminal/output.ts";
import type { Output } from "../terminal/output.ts";

interface CommonOptions {
  home: string;
  json: boolean;
  config?: string;
}

const DEFAULT_OVERLAP_MS = 24 * 3_600_000;

export function defineKeys(): Command {
  const keys = new Command("keys").description(
    "Who may use the gateway: create, list, show, update, rotate and revoke keys.",
  );
  for (const define of [defineCreate, defineList, defineShow, defineUpdate, defineRotate, defineRevoke]) {
    keys.addCommand(withConfigOption(define()));
  }
  return keys.addHelpText(
    "after",
    "\nExample:\n  homegrown keys create --name ci --team platform --budget-month 100",
  );
}

type CreateOptions = CommonOptions &
  KeyOptions & { name: string; reason: string; budgetDay?: number; budgetMonth?: number };

function defineCreate(): Command {
  return withKeyOptions(
    new Command("create")
      .description("Make a key. Its text is printed once and stored nowhere.")
      .requiredOption("--name <name>", "what people call it"),
  )
    .option("--budget-day <usd>", "dollars that it may cost a day (UTC)", parseDollars)
    .option("--budget-month <usd>", "dollars that it may cost a month (UTC)", parseDollars)
    .option("--reason <text>", "why; kept in its history", "")
    .addHelpText(
      "after",
      '\nExample:\n  homegrown keys create --name ci --team platform --alias "fast*" --requests-per-minute 60 --expires 90d --budget-month 100',
    )
    .action((options: CreateOptions) =>
      withState(options, async (database) => {
        const output = createOutput(options);
        const actor = currentActor();
        const shown = await createKey(
          database,
          { ...toKeySettings(options), name: options.name },
          { actor, reason: options.reason },
        );
        for (const [period, limitNanoUsd] of [
          ["day", options.budgetDay],
          ["month", options.budgetMonth],
        ] as const) {
          if (limitNanoUsd === undefined) continue;
          await setBudget(database, { scope: "key", scopeId: shown.key.id, period, limitNanoUsd }, { actor });
        }
        printShown(shown, output);
        output.print(`Running gateways take it within a second. Its id for other commands: ${shown.key.id}`);
        output.result({ ...shown.key, key: shown.text });
      }),
    );
}

/** The one place that prints a key. */
function printShown({ text }: ShownKey, output: Output): void {
  output.print(text);
  output.remark("Shown this once: only a digest of it is kept. Put it where its user finds it now.");
}

function defineList(): Command {
  return new Command("list")
    .description("All keys and what they may do; revoked ones with --all.")
    .option("--all", "revoked keys too", false)
    .addHelpText("after", "\nExample:\n  homegrown keys list")
    .action((options: CommonOptions & { all: boolean }) =>
      withState(options, async (database) => {
        const output = createOutput(options);
        const all = await listKeys(database);
        const keys = options.all ? all : all.filter(({ revokedAt }) => revokedAt === undefined);
        if (all.length === 0) {
          output.print("No key exists yet: a gateway answers this machine alone.");
          output.print("Make one with `homegrown keys create --name NAME`.");
        } else if (keys.length === 0) output.print("Every key is revoked; `--all` shows them.");
        else output.print(describeKeys(keys));
        output.result(keys);
      }),
    );
}

function defineShow(): Command {
  return new Command("show")
    .description("One key: what it may do, what it spent this month, and who changed it.")
    .argument("<key>", "its id, or its name")
    .addHelpText("after", "\nExample:\n  homegrown keys show Ab3dE6gH")
    .action((wanted: string, options: CommonOptions) =>
      withState(options, async (database) => {
        const output = createOutput(options);
        const key = await findKey(database, wanted);
        const audit = await readKeyAudit(database, { keyId: key.id });
        const budgets = (await listBudgets(database)).filter(
          ({ scope, scopeId }) => scope === "key" && scopeId === key.id,
        );
        const month = await readTotals(database, { keyId: key.id, from: startOfMonth() });
        for (const line of describeKey(key)) output.print(line);
        const cost = formatCost(month.costNano, month.numUnknownCosts, month.numRequests);
        output.print(`  this month ${month.numRequests.toLocaleString("en-US")} requests, ${cost}`);
        if (budgets.length > 0) output.print(`\n${describeBudgets(budgets, [key])}`);
        output.print(`\n${describeAudit(audit)}`);
        output.result({ ...key, budgets, month, audit });
      }),
    );
}

type UpdateOptions = CommonOptions & KeyOptions & { reason: string };

function defineUpdate(): Command {
  return withKeyOptions(
    new Command("update")
      .description("Change what a key may do; what is not named stays. `none` lifts a limit.")
      .argument("<key>", "its id, or its name")
      .option("--name <name>", "what people call it"),
  )
    .option("--reason <text>", "why; kept in its history", "")
    .addHelpText(
      "after",
      '\nExample:\n  homegrown keys update ci --requests-per-minute 120 --alias "*" --reason "load test"',
    )
    .action((wanted: string, options: UpdateOptions) =>
      withState(options, async (database) => {
        const before = await findKey(database, wanted);
        const settings = toKeySettings(options, before);
        if (Object.keys(settings).length === 0) {
          throw usage("nothing to change was named", "Name what should change; --help lists the options.");
        }
        const key = await updateKey(database, before.id, settings, toChange(options));
        showKey(key, createOutput(options));
      }),
    );
}

function defineRotate(): Command {
  return new Command("rotate")
    .description("Give a key a new text; the old one works until the overlap ends. Printed once.")
    .argument("<key>", "its id, or its name")
    .option(
      "--overlap <duration>",
      "how long the old text still works; 0s ends it now (default: 1d)",
      parseDuration,
    )
    .option("--reason <text>", "why; kept in its history", "")
    .addHelpText("after", "\nExample:\n  homegrown keys rotate Ab3dE6gH --overlap 7d")
    .action((wanted: string, options: CommonOptions & { overlap?: number; reason: string }) =>
      withState(options, async (database) => {
        const output = createOutput(options);
        const { id } = await findKey(database, wanted);
        const overlapMs = options.overlap ?? DEFAULT_OVERLAP_MS;
        const shown = await rotateKey(database, id, overlapMs, toChange(options));
        const oldTextEndsAt = new Date(Date.now() + overlapMs);
        printShown(shown, output);
        output.print(`The old text works until ${formatMinute(oldTextEndsAt)} UTC.`);
        output.result({ ...shown.key, key: shown.text, oldTextEndsAt });
      }),
    );
}

function defineRevoke(): Command {
  return new Command("revoke")
    .description("End a key for ever; running gateways end what it is doing within a second.")
    .argument("<key>", "its id, or its name")
    .requiredOption("--reason <text>", "why; kept in its history")
    .addHelpText("after", '\nExample:\n  homegrown keys revoke Ab3dE6gH --reason "laptop lost"')
    .action((wanted: string, options: CommonOptions & { reason: string }) =>
      withState(options, async (database) => {
        const before = await findKey(database, wanted);
        const key = await revokeKey(database, before.id, toChange(options));
        const output = createOutput(options);
        output.print(
          before.revokedAt === undefined
            ? `${key.id} (${key.name}) is revoked.`
            : `${key.id} (${key.name}) was revoked already, at ${formatMinute(before.revokedAt)} UTC.`,
        );
        output.result(key);
      }),
    );
}

function toChange({ reason }: { reason: string }): { actor: string; reason: string } {
  return { actor: currentActor(), reason };
}

function showKey(key: Key, output: Output): void {
  for (const line of describeKey(key)) output.print(line);
  output.result(key);
}
