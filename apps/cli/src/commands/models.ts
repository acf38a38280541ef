import path from "node:path";
import { Command } from "commander";
import { HomegrownError } from "@homegrown/contracts";
import { importModel } from "@homegrown/lifecycle";
import { openRegistry, parseReference, type ModelSummary, type Registry } from "@homegrown/registry";
import { usage } from "../exit.ts";
import { formatBytes, formatCount, formatTable } from "../terminal/format.ts";
import { createOutput, type Output } from "../terminal/output.ts";

interface CommonOptions {
  home: string;
  json: boolean;
}

export function defineModels(): Command {
  const models = new Command("models").description(
    "Versions of your models: list, show, verify, promote, rollback, import.",
  );
  for (const define of [
    defineList,
    defineShow,
    defineVerify,
    definePromote,
    defineRollback,
    defineHistory,
    defineImport,
  ]) {
    models.addCommand(define());
  }
  return models.addHelpText("after", "\nExample:\n  homegrown models list");
}

/** Opens the registry, runs, closes: the frame of every command here. */
async function withRegistry(
  options: CommonOptions,
  run: (registry: Registry, output: Output) => Promise<void>,
): Promise<void> {
  const registry = await openRegistry(path.resolve(options.home));
  try {
    await run(registry, createOutput(options));
  } finally {
    await registry.close();
  }
}

function defineList(): Command {
  return new Command("list")
    .description("All versions and the aliases that point at them.")
    .addHelpText("after", "\nExample:\n  homegrown models list --json")
    .action((options: CommonOptions) =>
      withRegistry(options, async (registry, output) => {
        const models = await registry.list();
        if (models.length === 0) output.print("No models yet. Grow one with `homegrown up`.");
        else
          output.print(
            formatTable(["version", "aliases", "origin", "licence", "size", "made"], toRows(models)),
          );
        output.result(models);
      }),
    );
}

function toRows(models: readonly ModelSummary[]): string[][] {
  return models.flatMap(({ versions }) =>
    versions.map((version) => [
      version.reference,
      version.aliases.join(", "),
      version.origin,
      version.license.length > 40 ? `${version.license.slice(0, 37)}...` : version.license,
      formatBytes(version.bytes),
      version.createdAt.slice(0, 16).replace("T", " "),
    ]),
  );
}

function defineShow(): Command {
  return new Command("show")
    .description("Where a version came from and how good it is.")
    .argument("<version>", "name, name@v2 or name:candidate")
    .addHelpText("after", "\nExample:\n  homegrown models show first@v1")
    .action((reference: string, options: CommonOptions) =>
      withRegistry(options, async (registry, output) => {
        const version = await registry.show(reference);
        output.print(`${version.reference}  ${version.aliases.join(", ")}`);
        output.print(`  made      ${version.createdAt}`);
        output.print(`  folder    ${version.folder}`);
        output.print(`  licence   ${version.license}`);
        output.print(`  key       ${version.keyHint}`);
        printOrigin(version.lineage.origin, output);
        const card = version.reportCard;
        if (card) {
          const { value, low, high } = card.heldOut.bitsPerByte;
          output.print(
            `  model     ${card.model.architecture}, ${formatCount(card.model.numParameters)} parameters`,
          );
          output.print(`  held out  ${value.toFixed(3)} bits/byte (${low.toFixed(3)} to ${high.toFixed(3)})`);
          output.print(
            `  parity    ${card.parity.map((p) => `${p.weightType} ${p.passed ? "passed" : "FAILED"}`).join(", ")}`,
          );
        }
        output.result(version);
      }),
    );
}

type Origin = Awaited<ReturnType<Registry["show"]>>["lineage"]["origin"];

function printOrigin(origin: Origin, output: Output): void {
  if (origin.kind === "imported") {
    output.print(`  imported  ${origin.source}, sha256 ${origin.sha256}`);
    return;
  }
  for (const run of origin.runs) output.print(`  run       ${run.id} (${run.kind})`);
  for (const dataset of origin.datasets) {
    output.print(`  data      ${dataset.name}, ${formatBytes(dataset.bytes)}, rights ${dataset.rights}`);
  }
  output.print(`  code      ${origin.code.commit}${origin.code.dirty ? " with uncommitted changes" : ""}`);
}

function defineVerify(): Command {
  return new Command("verify")
    .description("Hash every file of a version and check its signature; without a name, of all versions.")
    .argument("[version]", "name, name@v2 or name:candidate")
    .addHelpText("after", "\nExample:\n  homegrown models verify first@v1")
    .action((reference: string | undefined, options: CommonOptions) =>
      withRegistry(options, async (registry, output) => {
        const references = reference
          ? [reference]
          : (await registry.list()).flatMap((m) => m.versions.map((v) => v.reference));
        const results: { reference: string; ok: boolean; error?: string }[] = [];
        for (const each of references) results.push(await verifyOne(registry, each, output));
        output.result(results);
        const broken = results.filter(({ ok }) => !ok);
        if (broken.length > 0) throw notVerified(broken);
      }),
    );
}

async function verifyOne(
  registry: Registry,
  reference: string,
  output: Output,
): Promise<{ reference: string; ok: boolean; error?: string }> {
  try {
    const { files, reference: full } = await registry.verify(reference);
    output.print(`✓ ${full}: ${files.length} files`);
    return { reference: full, ok: true };
  } catch (error) {
    if (!(error instanceof HomegrownError) || error.kind !== "corrupt") throw error;
    output.print(`✗ ${reference}: ${error.message}`);
    return { reference, ok: false, error: error.message };
  }
}

function notVerified(broken: readonly { reference: string; error?: string }[]): HomegrownError {
  return new HomegrownError({
    code: "cli/not-verified",
    kind: "corrupt",
    message: `${broken.length} of the versions are not what was signed: ${broken.map((b) => b.reference).join(", ")}`,
    hint: "Roll back to a version that verifies, or restore the files from a backup.",
  });
}

function definePromote(): Command {
  return new Command("promote")
    .description("Make a version the champion (or candidate); running servers swap to it without a gap.")
    .argument("<version>", "name@v2")
    .requiredOption("--reason <text>", "why; kept in the history")
    .option("--alias <alias>", "champion or candidate", "champion")
    .addHelpText(
      "after",
      '\nExample:\n  homegrown models promote first@v2 --reason "better on held-out text"',
    )
    .action((reference: string, options: CommonOptions & { reason: string; alias: string }) =>
      withRegistry(options, async (registry, output) => {
        const { name, version } = requireVersion(reference);
        const alias = requireAlias(options.alias);
        const result = await registry.promote({ name, version, reason: options.reason, alias });
        output.print(
          result.changed
            ? `${alias} of ${name} is now ${version}`
            : `${alias} of ${name} was ${version} already`,
        );
        if (result.note !== undefined) output.print(`note: ${result.note}`);
        output.result(result);
      }),
    );
}

function requireVersion(reference: string): { name: string; version: string } {
  const parsed = parseReference(reference);
  if (parsed.number !== undefined) return { name: parsed.name, version: `v${parsed.number}` };
  throw usage(`'${reference}' names no version`, "Write the version too, as in first@v2.");
}

function requireAlias(alias: string): "champion" | "candidate" {
  if (alias === "champion" || alias === "candidate") return alias;
  throw usage(`there is no alias '${alias}' to move`, "Use --alias champion or --alias candidate.");
}

function defineRollback(): Command {
  return new Command("rollback")
    .description("Make the previous champion the champion again.")
    .argument("<name>", "name of the model")
    .option("--reason <text>", "why; kept in the history", "rolled back by hand")
    .addHelpText("after", "\nExample:\n  homegrown models rollback first")
    .action((name: string, options: CommonOptions & { reason: string }) =>
      withRegistry(options, async (registry, output) => {
        const result = await registry.rollback({ name, reason: options.reason });
        output.print(`champion of ${name} is ${result.aliases.champion} again`);
        output.result(result);
      }),
    );
}

function defineHistory(): Command {
  return new Command("history")
    .description("Every move of a model's aliases, with who and why.")
    .argument("<name>", "name of the model")
    .addHelpText("after", "\nExample:\n  homegrown models history first")
    .action((name: string, options: CommonOptions) =>
      withRegistry(options, async (registry, output) => {
        const entries = await registry.history(name);
        const rows = entries.map((e) => [
          e.at.slice(0, 19).replace("T", " "),
          e.alias,
          `${e.from ?? "-"} to ${e.to ?? "-"}`,
          e.actor,
          e.reason,
        ]);
        output.print(formatTable(["when", "alias", "move", "who", "why"], rows));
        output.result(entries);
      }),
    );
}

function defineImport(): Command {
  return new Command("import")
    .description("Bring open weights in as a signed version.")
    .argument("<file>", "a GGUF file")
    .requiredOption("--name <name>", "name of the model here")
    .requiredOption("--license <spdx>", "its licence, as its makers state it")
    .option("--source <text>", "where it came from")
    .option("--sha256 <hex>", "what the file must hash to")
    .option("--no-promote", "do not make it the champion")
    .addHelpText(
      "after",
      "\nExample:\n  homegrown models import smollm2.gguf --name smollm2 --license Apache-2.0",
    )
    .action(
      (
        file: string,
        options: CommonOptions & {
          name: string;
          license: string;
          source?: string;
          sha256?: string;
          promote: boolean;
        },
      ) =>
        withRegistry(options, async (registry, output) => {
          const { version, summary, sha256 } = await importModel({
            registry,
            file,
            name: options.name,
            license: options.license,
            ...(options.source !== undefined && { source: options.source }),
            ...(options.sha256 !== undefined && { expectedSha256: options.sha256 }),
          });
          output.print(
            `Imported ${version.reference}: ${summary.architecture}, ${formatCount(summary.numParameters)} parameters, ${summary.weightType}`,
          );
          output.print(`  sha256 ${sha256}`);
          if (options.promote) {
            await registry.promote({ name: options.name, version: version.version, reason: "imported" });
            output.print(`  champion of ${options.name}; talk to it with: homegrown chat ${options.name}`);
          }
          output.result({ version, summary, sha256 });
        }),
    );
}
