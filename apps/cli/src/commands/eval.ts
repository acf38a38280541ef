import { mkdir } from "node:fs/promises";
import path from "node:path";
import { Command } from "commander";
import { HomegrownError } from "@homegrown/contracts";
import { openDataset } from "@homegrown/data";
import { REPORT_PAGES, measureRegistered, preparePairs, writeReport } from "@homegrown/lifecycle";
import { openHuggingFace } from "@homegrown/models";
import { openRegistry, type ResolvedVersion } from "@homegrown/registry";
import { homePaths } from "@homegrown/storage";
import { parsePositive } from "../arguments.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { createOutput } from "../terminal/output.ts";
import { describeCard } from "../up/summary.ts";

interface EvalOptions {
  home: string;
  json: boolean;
  dataset?: string;
  out?: string;
  seconds: number;
}

export function defineEval(): Command {
  return new Command("eval")
    .description("Measure a version again: held-out bits per byte, baselines, checks, speed, parity.")
    .argument("<version>", "name, name@v2 or name:candidate")
    .option(
      "--dataset <name>",
      "measure on this dataset's held-out text (default: the one it was trained on)",
    )
    .option("--out <folder>", "write report.json, report.md and report.html there")
    .option("--seconds <number>", "most time for scoring held-out text", parsePositive, 60)
    .addHelpText("after", "\nExample:\n  homegrown eval first --out report")
    .action(async (reference: string, options: EvalOptions) => {
      const output = createOutput(options);
      const interruption = listenForInterrupt();
      const home = path.resolve(options.home);
      const registry = await openRegistry(home);
      try {
        const version = await registry.resolve(reference);
        const listening = { signal: interruption.signal, onProgress: output.progress };
        const trainedOn = requireDataset(version);
        const name = options.dataset ?? trainedOn;
        const text = await openDataset(path.join(homePaths(home).data, name));
        const sequenceLength = await windowOf(version.folder);
        const report = await measureRegistered({
          version,
          text,
          pairs: (await preparePairs({ home, text, sequenceLength, ...listening })).dataset,
          heldOutMilliseconds: options.seconds * 1000,
          ...listening,
        });
        output.heading(`Report card of ${version.reference}`);
        output.print(describeCard(report));
        if (options.out !== undefined) {
          await mkdir(options.out, { recursive: true });
          await writeReport(options.out, report, {
            lineage: version.lineage,
            sources: text.manifest.sources,
          });
          output.print(`\nWrote ${path.join(options.out, REPORT_PAGES.html)}, .md and .json`);
        }
        output.result(report);
      } finally {
        interruption.dispose();
        await registry.close();
      }
    });
}

/** The name of the dataset it was trained on, before any data is looked for. */
function requireDataset({ lineage: { origin }, reference }: ResolvedVersion): string {
  const dataset = origin.kind === "trained" ? origin.datasets[0] : undefined;
  if (dataset) return dataset.name;
  throw new HomegrownError({
    code: "lifecycle/not-measurable",
    kind: "invalid-input",
    message: `${reference} was not trained here; measuring needs its trainer's weights and held-out text`,
    hint: "Measure a version that was trained here; talk to an imported one with `homegrown chat`.",
  });
}

/** Conversations no longer than the model was trained for, which are those that training prepared. */
async function windowOf(folder: string): Promise<number> {
  const model = await openHuggingFace(folder);
  await model.close();
  return model.config.maxPositionEmbeddings;
}
