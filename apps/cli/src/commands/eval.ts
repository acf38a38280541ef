import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { Command } from "commander";
import { openDataset } from "@homegrown/data";
import { renderReportHtml, renderReportMarkdown } from "@homegrown/evaluation";
import { measureRegistered, preparePairs } from "@homegrown/lifecycle";
import { openRegistry } from "@homegrown/registry";
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
        const name = options.dataset ?? trainedOn(version.lineage.origin);
        const text = await openDataset(path.join(homePaths(home).data, name));
        const report = await measureRegistered({
          version,
          text,
          pairs: (await preparePairs({ home, text, sequenceLength: 256, ...listening })).dataset,
          heldOutMilliseconds: options.seconds * 1000,
          ...listening,
        });
        output.heading(`Report card of ${version.reference}`);
        output.print(describeCard(report));
        if (options.out !== undefined) {
          const context = { lineage: version.lineage, sources: text.manifest.sources };
          await mkdir(options.out, { recursive: true });
          await writeFile(path.join(options.out, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
          await writeFile(path.join(options.out, "report.md"), renderReportMarkdown(report, context));
          await writeFile(path.join(options.out, "report.html"), renderReportHtml(report, context));
          output.print(`\nWrote ${path.join(options.out, "report.html")}, .md and .json`);
        }
        output.result(report);
      } finally {
        interruption.dispose();
        await registry.close();
      }
    });
}

type Origin = Awaited<ReturnType<Awaited<ReturnType<typeof openRegistry>>["resolve"]>>["lineage"]["origin"];

function trainedOn(origin: Origin): string {
  return (origin.kind === "trained" ? origin.datasets[0]?.name : undefined) ?? "";
}
