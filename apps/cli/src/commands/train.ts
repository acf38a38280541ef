import path from "node:path";
import { Command } from "commander";
import { HomegrownError } from "@homegrown/contracts";
import { defaultCorpus, openDataset, type Dataset } from "@homegrown/data";
import {
  preparePairs,
  prepareText,
  pretrain,
  releaseVersion,
  toTrainingRecord,
  type TrainedRun,
} from "@homegrown/lifecycle";
import { openRegistry } from "@homegrown/registry";
import { homePaths } from "@homegrown/storage";
import { readManifest } from "@homegrown/training";
import { collect, parseCount, parsePositive, parseSeed, toSources } from "../arguments.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { parseModelName } from "../model-name.ts";
import { usage } from "../exit.ts";
import { formatBytes, formatCount, formatDuration } from "../terminal/format.ts";
import { createOutput, type Output } from "../terminal/output.ts";

interface TrainCommandOptions {
  home: string;
  json: boolean;
  from?: string[];
  license?: string;
  dataset?: string;
  name?: string;
  resume?: string;
  run?: string;
  size: string;
  vocab: number;
  minutes?: number;
  steps?: number;
  sequence: number;
  batch: number;
  optimizer: string;
  learningRate?: number;
  seed: number;
  workers?: number;
}

export function defineTrain(): Command {
  return new Command("train")
    .description("Pretrain a model; with --name also measure, sign and register it as a version.")
    .option(
      "--from <path>",
      "text to learn from; repeat for several (default: packages under node_modules)",
      collect,
    )
    .option("--license <spdx>", "licence of that text, for the lineage")
    .option("--dataset <name>", "a dataset that `homegrown data --name` made, instead of --from")
    .option("--name <name>", "register the result as a version of this model", parseModelName)
    .option("--run <id>", "name of the run (default: from time)")
    .option("--resume <id>", "go on with a run that was interrupted or killed")
    .option("--size <size>", "nano, tiny, micro, mini, small, base, large or xlarge", "micro")
    .option("--vocab <number>", "tokens of the vocabulary", parseCount, 2048)
    .option("--minutes <number>", "training time", parsePositive)
    .option("--steps <number>", "optimizer steps, instead of --minutes", parseCount)
    .option("--sequence <tokens>", "context length", parseCount, 256)
    .option("--batch <sequences>", "sequences in each step", parseCount, 16)
    .option("--optimizer <kind>", "muon or adamw", "muon")
    .option("--learning-rate <number>", "peak learning rate (default: the optimizer's own)", parsePositive)
    .option("--seed <number>", "with --steps: same seed, same machine, same model", parseSeed, 1)
    .option("--workers <number>", "threads that train (default: all processors)", parseCount)
    .addHelpText("after", "\nExample:\n  homegrown train --from docs --minutes 10 --name mine")
    .action(async (options: TrainCommandOptions) => {
      const output = createOutput(options);
      const interruption = listenForInterrupt(() =>
        output.print("\nFinishing the step and writing a checkpoint."),
      );
      try {
        const home = path.resolve(options.home);
        const text = await openText(options, home, output, interruption.signal);
        const run = await runTraining(options, home, text, output, interruption.signal);
        if (run.result.status !== "completed") throw interruptedRun(run, options);
        printRun(run, output);
        const version =
          options.name === undefined
            ? undefined
            : await release(options.name, home, run, text, output, interruption.signal);
        if (version)
          output.print(
            `Registered ${version}; make it the champion with: homegrown models promote ${version} --reason "..."`,
          );
        const { parameters: _, ...result } = run.result;
        output.result({ run: run.manifest.id, manifest: run.manifest, result, version });
      } finally {
        interruption.dispose();
      }
    });
}

async function openText(
  options: TrainCommandOptions,
  home: string,
  output: Output,
  signal: AbortSignal,
): Promise<Dataset> {
  if (options.resume !== undefined) {
    const manifest = await readManifest(home, options.resume);
    return openDataset(path.dirname(path.join(home, manifest.dataset.path)));
  }
  if (options.dataset !== undefined) return openDataset(path.join(homePaths(home).data, options.dataset));
  const { dataset } = await prepareText({
    home,
    sources: options.from ? toSources(options.from, options.license) : [defaultCorpus(process.cwd())],
    vocabSize: options.vocab,
    signal,
    onProgress: output.progress,
  });
  return dataset;
}

async function runTraining(
  options: TrainCommandOptions,
  home: string,
  text: Dataset,
  output: Output,
  signal: AbortSignal,
): Promise<TrainedRun> {
  const { minutes, steps } = options;
  if (minutes !== undefined && steps !== undefined)
    throw usage("--minutes and --steps were both given", "Give one of the two.");
  if (options.optimizer !== "muon" && options.optimizer !== "adamw") {
    throw usage(`there is no optimizer '${options.optimizer}'`, "Use --optimizer muon or --optimizer adamw.");
  }
  return pretrain({
    home,
    runId:
      options.resume ??
      options.run ??
      `train-${new Date()
        .toISOString()
        .slice(0, 19)
        .replace(/[^0-9]/g, "")}`,
    datasetFolder: text.folder,
    resume: options.resume !== undefined,
    model: options.size,
    sequenceLength: options.sequence,
    sequencesPerStep: options.batch,
    ...(steps === undefined ? { minutes: minutes ?? 3 } : { totalSteps: steps }),
    optimizer: {
      kind: options.optimizer,
      ...(options.learningRate !== undefined && { learningRate: options.learningRate }),
    },
    seed: options.seed,
    ...(options.workers !== undefined && { numWorkers: options.workers }),
    signal,
    onProgress: output.progress,
  });
}

/** Without `--run` the same command would begin another run. */
function interruptedRun({ manifest, result }: TrainedRun, options: TrainCommandOptions): HomegrownError {
  const isNamed = options.run !== undefined || options.resume !== undefined;
  const name = options.name === undefined ? "" : ` --name ${options.name}`;
  return new HomegrownError({
    code: "cli/interrupted",
    kind: "cancelled",
    message: `Interrupted after step ${result.steps}; the checkpoint is written.`,
    hint: isNamed
      ? "Run the same command again: it goes on from there."
      : `Go on with: homegrown train --resume ${manifest.id}${name}`,
    details: { run: manifest.id },
  });
}

function printRun({ manifest, result }: TrainedRun, output: Output): void {
  output.print(
    `${manifest.id}: ${result.steps} steps, ${formatCount(result.tokens)} tokens in ${formatDuration(result.seconds)} ` +
      `(${formatCount(result.tokensPerSecond)} tok/s, ${formatBytes(result.peakMemoryBytes)} peak)`,
  );
  output.print(
    `loss ${result.finalLoss.toFixed(4)}, held-out ${result.heldOutLoss?.toFixed(4) ?? "not measured"}`,
  );
  output.print(`metrics: ${path.relative(process.cwd(), result.metricsFile)}`);
}

async function release(
  name: string,
  home: string,
  run: TrainedRun,
  text: Dataset,
  output: Output,
  signal: AbortSignal,
): Promise<string> {
  const registry = await openRegistry(home);
  try {
    const pairs = await preparePairs({
      home,
      text,
      sequenceLength: run.manifest.batch.sequenceLength,
      signal,
      onProgress: output.progress,
    });
    const { version } = await releaseVersion({
      registry,
      name,
      runs: [run.manifest],
      parameters: run.result.parameters,
      text,
      pairs: pairs.dataset,
      training: await toTrainingRecord(run),
      signal,
      onProgress: output.progress,
    });
    return version.reference;
  } finally {
    await registry.close();
  }
}
