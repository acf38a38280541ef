import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { Command, Option } from "commander";
import { EXPORT_SHAPES, deleteCaptures, exportCaptures, listCaptures } from "@homegrown/gateway";
import type {
  CaptureFilter,
  CaptureSelection,
  ExportRight,
  ExportShape,
  GatewayDatabase,
  ListedCapture,
} from "@homegrown/gateway";
import { parseCount } from "../arguments.ts";
import { usage } from "../exit.ts";
import { withConfigOption, withState } from "../gateway/configuration.ts";
import { findKey } from "../gateway/find-key.ts";
import { formatMinute, parseFrom, parseTo } from "../gateway/times.ts";
import { cut, formatTable } from "../terminal/format.ts";
import { createOutput } from "../terminal/output.ts";

interface CommonOptions {
  home: string;
  json: boolean;
  config?: string;
}

interface FilterOptions {
  from?: Date;
  to?: Date;
  alias?: string;
  key?: string;
  team?: string;
  target?: string;
}

export function defineCaptures(): Command {
  const captures = new Command("captures").description(
    "Requests and answers that were kept, masked: list, export for trainers, delete.",
  );
  for (const define of [defineList, defineExport, defineDelete])
    captures.addCommand(withConfigOption(define()));
  return captures.addHelpText(
    "after",
    "\nExample:\n  homegrown captures export --right train --out pairs.jsonl",
  );
}

function withFilter(command: Command): Command {
  return command
    .option("--from <when>", "first day (UTC), instant or 7d ago", (text) => parseFrom(text))
    .option("--to <when>", "last day, or an instant", (text) => parseTo(text))
    .option("--alias <name>", "of one model")
    .option("--key <key>", "of one key: its id, or its name")
    .option("--team <name>", "of one team")
    .option("--target <target>", "answered by provider/model");
}

async function toFilter(database: GatewayDatabase, options: FilterOptions): Promise<CaptureFilter> {
  const { from, to, alias, key, team, target } = options;
  return {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(alias !== undefined && { alias }),
    ...(key !== undefined && { keyId: (await findKey(database, key)).id }),
    ...(team !== undefined && { team }),
    ...(target !== undefined && { target }),
  };
}

function defineList(): Command {
  return withFilter(new Command("list").description("What was kept, oldest first, without its content."))
    .option("--limit <number>", "rows", parseCount, 100)
    .addHelpText("after", "\nExample:\n  homegrown captures list --alias fast --from 7d")
    .action((options: CommonOptions & FilterOptions & { limit: number }) =>
      withState(options, async (database) => {
        const output = createOutput(options);
        const filter = await toFilter(database, options);
        const captures = await listCaptures(database, { ...filter, limit: options.limit });
        if (captures.length === 0)
          output.print("Nothing was kept: `capture` of the configuration says what is.");
        else output.print(describeCaptures(captures));
        output.result(captures);
      }),
    );
}

function describeCaptures(captures: readonly ListedCapture[]): string {
  return formatTable(
    ["when (UTC)", "request", "key", "model", "target", "right", "masked"],
    captures.map(({ at, requestId, keyId, alias, target, right, masked }) => [
      formatMinute(at),
      cut(requestId, 24),
      keyId,
      cut(alias, 14),
      cut(target, 24),
      right,
      String(Object.values(masked).reduce((sum, count) => sum + count, 0)),
    ]),
    ["masked"],
  );
}

type ExportCommandOptions = CommonOptions &
  FilterOptions & { right: ExportRight; shape: ExportShape; out: string; text: boolean; metadata: boolean };

function defineExport(): Command {
  return withFilter(
    new Command("export").description("Write what may be used as JSON Lines that trainers read."),
  )
    .requiredOption("--out <file>", "where to")
    .addOption(
      new Option("--right <right>", "what for: only what permits it is written")
        .choices(["evaluate", "train"])
        .makeOptionMandatory(),
    )
    .addOption(new Option("--shape <shape>", "columns of a line").choices(EXPORT_SHAPES).default("messages"))
    .option("--text", "of the completions endpoint instead of conversations", false)
    .option("--metadata", "say in each line where it comes from", false)
    .addHelpText(
      "after",
      "\nExample:\n  homegrown captures export --right train --shape preference --from 30d --out pairs.jsonl",
    )
    .action((options: ExportCommandOptions) =>
      withState(options, async (database) => {
        const { right, shape, text, metadata } = options;
        const output = createOutput(options);
        const filter = await toFilter(database, options);
        const skipped: Record<string, number> = {};
        const file = path.resolve(options.out);
        const examples = exportCaptures(database, {
          ...filter,
          right,
          shape,
          form: text ? "text" : "chat",
          metadata,
          onSkip: (reason) => (skipped[reason] = (skipped[reason] ?? 0) + 1),
        });
        const numExamples = await writeLines(file, examples);
        output.print(`${numExamples} examples in ${file}`);
        for (const [reason, count] of Object.entries(skipped))
          output.print(`  left out: ${count} (${reason})`);
        output.result({ file, right, shape, numExamples, skipped });
      }),
    );
}

/** Whole or not at all. */
async function writeLines(file: string, lines: AsyncIterable<string>): Promise<number> {
  const partial = `${file}.partial`;
  let count = 0;
  const counted = async function* (): AsyncGenerator<string> {
    for await (const line of lines) {
      count++;
      yield line;
    }
  };
  try {
    // What people said stands in it: for its owner alone.
    await pipeline(counted, createWriteStream(partial, { mode: 0o600, flush: true }));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return count;
}

function defineDelete(): Command {
  return new Command("delete")
    .description("Delete what was kept of one end user, key or request, and what was said of it.")
    .option("--subject <id>", "an end user, as the application named it")
    .option("--key <key>", "a key: its id, or its name")
    .option("--request <id>", "a request, by its x-request-id")
    .addHelpText("after", "\nExample:\n  homegrown captures delete --subject user-1234")
    .action((options: CommonOptions & { subject?: string; key?: string; request?: string }) =>
      withState(options, async (database) => {
        const output = createOutput(options);
        const deleted = await deleteCaptures(database, await toSelection(database, options));
        output.print(`Deleted ${deleted.captures} captures and ${deleted.feedback} pieces of feedback.`);
        output.print("What was answered in the last moments may still be written: run it again in a minute.");
        output.result(deleted);
      }),
    );
}

async function toSelection(
  database: GatewayDatabase,
  { subject, key, request }: { subject?: string; key?: string; request?: string },
): Promise<CaptureSelection> {
  const given = [subject, key, request].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw usage(
      "one of subject, key and request is deleted at a time",
      "Give --subject, --key or --request.",
    );
  }
  if (subject !== undefined) return { subject };
  if (request !== undefined) return { requestId: request };
  return { keyId: (await findKey(database, key!)).id };
}
