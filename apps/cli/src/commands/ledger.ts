import { Command, Option } from "commander";
import { listLedger } from "@homegrown/gateway";
import type { LedgerRecord } from "@homegrown/gateway";
import { withConfigOption, withState } from "../gateway/configuration.ts";
import { findKey } from "../gateway/find-key.ts";
import { describeLedger } from "../gateway/tables.ts";
import { parseFrom, parseTo } from "../gateway/times.ts";
import { parseCount } from "../arguments.ts";
import { createOutput } from "../terminal/output.ts";

interface LedgerOptions {
  home: string;
  json: boolean;
  config?: string;
  limit: number;
  after?: string;
  from?: Date;
  to?: Date;
  key?: string;
  team?: string;
  alias?: string;
  outcome?: LedgerRecord["outcome"];
  request?: string;
}

const OUTCOMES = ["completed", "failed", "client-left", "refused", "interrupted", "open"];

export function defineLedger(): Command {
  return withConfigOption(
    new Command("ledger")
      .description("Single requests, newest first: who, which model, tokens, cost, how it ended. No prompts.")
      .option("--limit <number>", "rows, at most 1000", parseCount, 30)
      .option("--after <cursor>", "go on where a page ended")
      .option("--from <when>", "first day (UTC), instant or 7d ago", (text) => parseFrom(text))
      .option("--to <when>", "last day, or an instant", (text) => parseTo(text))
      .option("--key <key>", "of one key: its id, or its name")
      .option("--team <name>", "of one team")
      .option("--alias <name>", "of one model")
      .addOption(new Option("--outcome <outcome>", "that ended so").choices(OUTCOMES))
      .option("--request <id>", "with this x-request-id")
      .addHelpText("after", "\nExample:\n  homegrown ledger --key ci --outcome failed --from 1d"),
  ).action((options: LedgerOptions) =>
    withState(options, async (database) => {
      const { limit, after, from, to, team, alias, outcome, request } = options;
      const output = createOutput(options);
      const keyId = options.key === undefined ? undefined : (await findKey(database, options.key)).id;
      const page = await listLedger(database, {
        limit,
        ...(after !== undefined && { after }),
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
        ...(keyId !== undefined && { keyId }),
        ...(team !== undefined && { team }),
        ...(alias !== undefined && { alias }),
        ...(outcome !== undefined && { outcome }),
        ...(request !== undefined && { requestId: request }),
      });
      if (page.records.length === 0) output.print("No request.");
      else output.print(describeLedger(page.records));
      if (page.next !== undefined) output.print(`More: --after ${page.next}`);
      output.result({ records: page.records, next: page.next ?? null });
    }),
  );
}
