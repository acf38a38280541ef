import path from "node:path";
import { Command } from "commander";
import { defaultCorpus } from "@homegrown/data";
import { FIRST_RECIPE, REPORT_PAGES, grow, type Growth } from "@homegrown/lifecycle";
import { startGateway } from "@homegrown/gateway";
import { collect, parseCount, parsePort, parsePositive, parseSeed, toSources } from "../arguments.ts";
import { interrupted, listenForInterrupt } from "../interrupt.ts";
import { openOwnModels } from "../own-models.ts";
import { serveUntilInterrupted } from "../serving-loop.ts";
import { reportPoolEvent } from "../terminal/pool-events.ts";
import { createOutput, type Output } from "../terminal/output.ts";
import { createStory } from "../up/story.ts";
import { describeCard, describeNext, describeSources } from "../up/summary.ts";
import { askOverHttp, chooseQuestion } from "../up/first-question.ts";

interface UpOptions {
  home: string;
  json: boolean;
  data?: string[];
  license?: string;
  name: string;
  minutes: number;
  size: string;
  vocab: number;
  sequence: number;
  batch: number;
  seed: number;
  once: boolean;
  host: string;
  port: number;
}

export function defineUp(): Command {
  return new Command("up")
    .description(
      "Grow a first model from text on this machine, measure it, sign it, serve it, ask it a question.",
    )
    .option(
      "--data <path>",
      "folder, file or glob of your own text; repeat for several (default: TypeScript declarations and Markdown under node_modules)",
      collect,
    )
    .option("--license <spdx>", "licence of that text, for the lineage")
    .option("--name <name>", "name of the model", "first")
    .option("--minutes <number>", "training time", parsePositive, 3)
    .option("--size <size>", "nano, micro, mini, small, base, large or xlarge", FIRST_RECIPE.size)
    .option("--vocab <number>", "tokens of the vocabulary", parseCount, FIRST_RECIPE.vocabSize)
    .option("--sequence <tokens>", "context length in training", parseCount, FIRST_RECIPE.sequenceLength)
    .option("--batch <sequences>", "sequences in each step", parseCount, FIRST_RECIPE.sequencesPerStep)
    .option("--seed <number>", "same seed, same machine, same model", parseSeed, 1)
    .option("--once", "stop after the first answer instead of serving on", false)
    .option("--host <address>", "loopback address to bind", "127.0.0.1")
    .option("--port <number>", "port to serve on; 0 takes a free one", parsePort, 8080)
    .addHelpText("after", "\nExample:\n  homegrown up --data ~/notes --minutes 10")
    .action(async (options: UpOptions) => {
      const output = createOutput(options);
      const interruption = listenForInterrupt(() =>
        output.print("\nStopping at a safe point; again to stop at once."),
      );
      const models = await openOwnModels({
        home: options.home,
        onEvent: reportPoolEvent,
      });
      try {
        const growth = await growModel(options, models.registry, output, interruption.signal);
        if (interruption.signal.aborted) throw interrupted();
        await models.pool.refresh();
        await answerFirstQuestion(options, growth, models, output, interruption.signal);
        if (options.once) return;
        await serveUntilInterrupted({
          ...options,
          directory: models.pool,
          output,
          signal: interruption.signal,
        });
      } finally {
        interruption.dispose();
        await models.close();
      }
    });
}

type OwnModels = Awaited<ReturnType<typeof openOwnModels>>;

async function growModel(
  options: UpOptions,
  registry: OwnModels["registry"],
  output: Output,
  signal: AbortSignal,
): Promise<Growth> {
  const story = createStory(output, options);
  story.begin();
  return grow({
    home: path.resolve(options.home),
    registry,
    name: options.name,
    sources: options.data ? toSources(options.data, options.license) : [defaultCorpus(process.cwd())],
    minutes: options.minutes,
    seed: options.seed,
    recipe: {
      ...FIRST_RECIPE,
      size: options.size,
      vocabSize: options.vocab,
      sequenceLength: options.sequence,
      sequencesPerStep: options.batch,
    },
    signal,
    onProgress: output.progress,
    onStage: story.tell,
  });
}

/** Serves the version, asks one question over HTTP as any client would, and says what to do next. */
async function answerFirstQuestion(
  options: UpOptions,
  growth: Growth,
  models: OwnModels,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { version, report, text } = growth;
  output.heading(`Report card of ${version.reference}`);
  output.print(describeCard(report));
  const gateway = await startGateway({ directory: models.pool, host: options.host, port: 0 });
  try {
    const question = await chooseQuestion(text);
    output.heading("First question");
    output.print(`  > ${question}`);
    const answer = await askOverHttp({ url: gateway.url, model: options.name, question, signal });
    output.print(answer.shown);
    output.heading("Learned from");
    output.print(describeSources(text.manifest));
    const pages = {
      html: path.join(version.folder, REPORT_PAGES.html),
      markdown: path.join(version.folder, REPORT_PAGES.markdown),
    };
    output.print(
      describeNext({
        growth,
        minutes: options.minutes,
        name: options.name,
        port: options.port,
        reportPage: pages.html,
      }),
    );
    output.result({
      version: version.reference,
      reused: growth.reused,
      folder: version.folder,
      pages,
      report,
      question,
      answer: answer.text,
    });
  } finally {
    await gateway.close();
  }
}
