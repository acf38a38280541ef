// The first loop as one function: text → tokens → pretraining → tuning → report card → signed version →
// champion. Every stage finds what an earlier run of the same inputs left, so an interrupted or repeated
// call goes on instead of beginning anew.
import { existsSync } from "node:fs";
import path from "node:path";
import type { ProgressListener, ReportCard } from "@homegrown/contracts";
import type { CorpusSource, Dataset } from "@homegrown/data";
import { readTrainingTexts, trainByteModel, type ByteModel } from "@homegrown/evaluation";
import type { Registry, VersionDetails } from "@homegrown/registry";
import { homePaths, publishFolder } from "@homegrown/storage";
import { toCorpusKey } from "./corpus-key.ts";
import { exportModel } from "./export-model.ts";
import { stopIfInterrupted } from "./interrupted.ts";
import { preparePairs, prepareText } from "./prepare.ts";
import { pretrain, type TrainedRun } from "./pretrain.ts";
import { releaseVersion } from "./release.ts";
import { pickShowcase, type Showcase } from "./showcase.ts";
import { toTrainingRecord } from "./training-record.ts";
import { tune } from "./tune.ts";

/** What a recipe decides; `FIRST_RECIPE` is the measured default. */
export interface GrowRecipe {
  size: string;
  vocabSize: number;
  sequenceLength: number;
  sequencesPerStep: number;
  optimizer: "adamw" | "muon";
  /** Share of the minutes that pretraining gets; tuning has the rest. */
  pretrainShare: number;
}

export interface GrowOptions {
  home: string;
  registry: Registry;
  /** Name of the model that the version belongs to. */
  name: string;
  sources: readonly CorpusSource[];
  /** Training time, pretraining and tuning together. */
  minutes: number;
  recipe: GrowRecipe;
  seed?: number;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
  onStage?: (stage: GrowStage) => void;
}

/** Told when a stage begins or has something to show. */
export type GrowStage =
  | { stage: "text"; dataset: Dataset; reused: boolean }
  | { stage: "showcase"; showcase: Showcase; baseline: string }
  | { stage: "sample"; step: number; completion: string }
  | { stage: "pretrained"; run: TrainedRun }
  | { stage: "pairs"; dataset: Dataset; reused: boolean }
  | { stage: "tuned"; run: TrainedRun }
  | { stage: "released"; version: VersionDetails; report: ReportCard };

export interface Growth {
  version: VersionDetails;
  report: ReportCard;
  text: Dataset;
  /** The same inputs had been grown before: nothing was trained. */
  reused: boolean;
}

const SAMPLE_STEPS = [0, 50, 200];
const SAMPLE_TOKENS = 80;

export async function grow(options: GrowOptions): Promise<Growth> {
  const { home, registry, name, sources, minutes, recipe, seed = 1, onStage } = options;
  const listening = {
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  };
  const { dataset: text, reused } = await prepareText({
    home,
    sources,
    vocabSize: recipe.vocabSize,
    ...listening,
  });
  onStage?.({ stage: "text", dataset: text, reused });

  const key = await toCorpusKey([], { text: text.manifestSha256, recipe, minutes, seed });
  const grown = await findGrown(registry, name, `grow-${key}-tune`);
  if (grown) return { ...grown, text, reused: true };

  const byteModel = await trainByteModel(readTrainingTexts(text.folder, text.manifest, text.tokenizer), {
    order: 5,
  });
  const showcase = await presentShowcase(text, byteModel, onStage);
  const shown: ReportCard["samples"] = [];
  const base = await pretrain({
    home,
    runId: `grow-${key}-pretrain`,
    datasetFolder: text.folder,
    model: recipe.size,
    sequenceLength: recipe.sequenceLength,
    sequencesPerStep: recipe.sequencesPerStep,
    optimizer: { kind: recipe.optimizer },
    minutes: minutes * recipe.pretrainShare,
    seed,
    ...(showcase && { samples: toSampleRequest(text, showcase) }),
    ...listening,
    onProgress: (event) => {
      const sample = showcase && toSample(event.event, event.details, text);
      if (sample) {
        shown.push({
          prompt: showcase.prefix,
          completion: sample.completion,
          truth: showcase.truth,
          source: `step ${sample.step}`,
        });
        onStage?.({ stage: "sample", ...sample });
      } else {
        options.onProgress?.(event);
      }
    },
  });
  stopIfInterrupted(base.result);
  onStage?.({ stage: "pretrained", run: base });

  const baseFolder = await exportBase(home, base, text, name);
  const pairs = await preparePairs({ home, text, sequenceLength: recipe.sequenceLength, ...listening });
  onStage?.({ stage: "pairs", ...pairs });
  const tuned = await tune({
    home,
    runId: `grow-${key}-tune`,
    datasetFolder: pairs.dataset.folder,
    initialModel: { folder: baseFolder },
    sequenceLength: recipe.sequenceLength,
    minutes: minutes * (1 - recipe.pretrainShare),
    seed,
    ...listening,
  });
  stopIfInterrupted(tuned.result);
  onStage?.({ stage: "tuned", run: tuned });

  const { version, report } = await releaseVersion({
    registry,
    name,
    runs: [base.manifest, tuned.manifest],
    parameters: tuned.result.parameters,
    text,
    pairs: pairs.dataset,
    training: await toTrainingRecord(base),
    samples: [...shown, ...baselineSample(showcase, byteModel)],
    byteModel,
    ...listening,
  });
  onStage?.({ stage: "released", version, report });
  await registry.promote({
    name,
    version: version.version,
    reason: `grown in ${minutes} minutes from ${text.manifest.name}`,
  });
  return { version: await registry.show(version.reference), report, text, reused: false };
}

async function findGrown(
  registry: Registry,
  name: string,
  lastRun: string,
): Promise<{ version: VersionDetails; report: ReportCard } | undefined> {
  const model = (await registry.list()).find((candidate) => candidate.name === name);
  for (const { reference } of model?.versions.toReversed() ?? []) {
    const version = await registry.show(reference);
    const { origin } = version.lineage;
    if (origin.kind !== "trained" || origin.runs.at(-1)?.id !== lastRun || !version.reportCard) continue;
    // A process that died between signing and promoting left a version without its alias.
    if (Object.keys(model!.aliases).length === 0) {
      await registry.promote({
        name,
        version: version.version,
        reason: "grown before; promoted on the next start",
      });
    }
    return { version: await registry.show(reference), report: version.reportCard };
  }
  return undefined;
}

async function presentShowcase(
  text: Dataset,
  byteModel: ByteModel,
  onStage: GrowOptions["onStage"],
): Promise<Showcase | undefined> {
  const showcase = await pickShowcase(text);
  if (showcase) onStage?.({ stage: "showcase", showcase, baseline: continueBytes(showcase, byteModel) });
  return showcase;
}

function continueBytes(showcase: Showcase, byteModel: ByteModel): string {
  return byteModel.complete(showcase.prefix, showcase.truth.length, 1);
}

function baselineSample(showcase: Showcase | undefined, byteModel: ByteModel): ReportCard["samples"] {
  if (!showcase) return [];
  const completion = continueBytes(showcase, byteModel);
  return [{ prompt: showcase.prefix, completion, truth: showcase.truth, source: "order-5 bytes" }];
}

function toSampleRequest(
  text: Dataset,
  { prefix }: Showcase,
): NonNullable<Parameters<typeof pretrain>[0]["samples"]> {
  const { endOfTextId } = text.manifest.tokenizer;
  const prompts = [{ ids: [endOfTextId, ...text.tokenizer.encode(prefix)], maxTokens: SAMPLE_TOKENS }];
  return { atSteps: SAMPLE_STEPS, atEnd: true, prompts, stopIds: [endOfTextId] };
}

function toSample(
  event: string,
  details: Readonly<Record<string, unknown>> | undefined,
  text: Dataset,
): { step: number; completion: string } | undefined {
  if (event !== "sample" || !details) return undefined;
  return { step: Number(details["step"]), completion: text.tokenizer.decode(details["ids"] as number[]) };
}

/** The pretrained model as a folder inside the run, for tuning to start from. */
async function exportBase(home: string, base: TrainedRun, text: Dataset, name: string): Promise<string> {
  const folder = path.join(homePaths(home).runs, base.manifest.id, "model");
  if (existsSync(folder)) return folder;
  await publishFolder(folder, async (staged) => {
    await exportModel({
      folder: staged,
      name: `${name} (pretrained)`,
      license: "see homegrown.json",
      config: base.manifest.model,
      parameters: base.result.parameters,
      tokenizerJson: text.tokenizerJson,
      weightTypes: [],
    });
  });
  return folder;
}
