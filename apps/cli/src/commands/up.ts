import path from "node:path";
import { Command } from "commander";
import { defaultCorpus } from "@homegrown/data";
import { FIRST_RECIPE, REPORT_PAGES, grow, type Growth } from "@homegrown/lifecycle";
import { parseConfig, startGateway, type Gateway, type GatewayDatabase } from "@homegrown/gateway";
import { collect, parseCount, parsePort, parsePositive, parseSeed, toSources } from "../arguments.ts";
import { openState } from "../gateway/configuration.ts";
import { interrupted, listenForInterrupt } from "../interrupt.ts";
import { parseModelName } from "../model-name.ts";
import { openOwnModels, type OwnModels } from "../own-models.ts";
import { serveUntilInterrupted } from "../serving-loop.ts";
import { createOutput, type Output } from "../terminal/output.ts";
import { createServingLog } from "../terminal/serving-log.ts";
import { createStory } from "../up/story.ts";
import { describeCard, describeChampion, describeNext, describeSources } from "../up/summary.ts";
import { askVersion, chooseQuestion } from "../up/first-question.ts";

const DEFAULT_PORT = 8080;

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
    .option("--name <name>", "name of the model", parseModelName, "first")
    .option("--minutes <number>", "training time", parsePositive, 3)
    .option("--size <size>", "nano, tiny, micro, mini, small, base, large or xlarge", FIRST_RECIPE.size)
    .option("--vocab <number>", "tokens of the vocabulary", parseCount, FIRST_RECIPE.vocabSize)
    .option("--sequence <tokens>", "context length in training", parseCount, FIRST_RECIPE.sequenceLength)
    .option("--batch <sequences>", "sequences in each step", parseCount, FIRST_RECIPE.sequencesPerStep)
    .option(
      "--seed <number>",
      "where random numbers begin; the number of steps depends on the machine's speed",
      parseSeed,
      1,
    )
    .option("--once", "stop after the first answer instead of serving on", false)
    .option("--host <address>", "loopback address to bind", "127.0.0.1")
    .option("--port <number>", "port to serve on; 0 takes a free one", parsePort, DEFAULT_PORT)
    .addHelpText("after", "\nExample:\n  homegrown up --data ~/notes --minutes 10")
    .action(async (options: UpOptions) => {
      const output = createOutput(options);
      const interruption = listenForInterrupt(() =>
        output.print("\nStopping at a safe point; again to stop at once."),
      );
      const log = createServingLog({ json: options.json, write: output.remark });
      const models = await openOwnModels({ home: options.home, onEvent: log.event });
      let gateway: Gateway | undefined;
      let database: GatewayDatabase | undefined;
      try {
        // Where keys exist they count here too.
        database = await openState(options.home, parseConfig({}, "the defaults"));
        // Bound before minutes of training: an address that cannot be had is said at once.
        gateway = await startGateway({
          directory: models.pool,
          database,
          host: options.host,
          port: options.once ? 0 : options.port,
          onRequest: log.request,
        });
        if (options.once) await gateway.close();
        const growth = await growModel(options, models.registry, output, interruption.signal);
        if (interruption.signal.aborted) throw interrupted();
        await models.pool.refresh();
        const url = options.once ? laterUrl(gateway.url, options.port) : gateway.url;
        await present({
          options,
          growth,
          registry: models.registry,
          output,
          url,
          signal: interruption.signal,
        });
        if (options.once) return;
        await serveUntilInterrupted({
          directory: models.pool,
          gateway,
          output,
          signal: interruption.signal,
        });
      } finally {
        interruption.dispose();
        await gateway?.close();
        await models.close();
        await database?.close();
      }
    });
}

/** Where `homegrown serve` will be found; a free port is not known before. */
function laterUrl(url: string, port: number): string {
  const later = new URL(url);
  later.port = String(port === 0 ? DEFAULT_PORT : port);
  return later.origin;
}

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

interface Presentation {
  options: UpOptions;
  growth: Growth;
  registry: OwnModels["registry"];
  output: Output;
  url: string;
  signal: AbortSignal;
}

/** Shows the report card, one answer of the version it is about, where it all came from, and what to do next. */
async function present({ options, growth, registry, output, url, signal }: Presentation): Promise<void> {
  const { version, report, text, champion } = growth;
  output.heading(`Report card of ${version.reference}`);
  output.print(describeCard(report));
  const question = await chooseQuestion(text);
  output.heading("First question");
  output.print(`  > ${question}`);
  const answer = await askVersion({ registry, version, question, signal });
  output.print(answer.shown);
  if (champion !== version.reference) output.print(describeChampion(champion, version.reference));
  output.heading("Learned from");
  output.print(describeSources(text.manifest));
  const pages = {
    html: path.join(version.folder, REPORT_PAGES.html),
    markdown: path.join(version.folder, REPORT_PAGES.markdown),
  };
  const { minutes, once } = options;
  output.print(describeNext({ growth, minutes, question, url, servesOn: !once, reportPage: pages.html }));
  output.result({
    version: version.reference,
    reused: growth.reused,
    folder: version.folder,
    pages,
    report,
    question,
    answer: answer.text,
    answeredBy: answer.answeredBy,
    champion,
    url,
  });
}
