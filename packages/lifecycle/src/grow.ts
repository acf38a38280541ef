// The first loop as one function: text → tokens → pretraining → tuning → report card → signed version →
// champion. Every stage finds what an earlier run of the same inputs left, so an interrupted or repeated
// call goes on instead of beginning anew.
import { existsSync } from "node:fs";
import path from "node:path";
import type { ProgressListener, ReportCard } from "@homegrown/contracts";
import type { CorpusSource, Dataset } from "@homegrown/data";
import { readTrainingTexts, trainByteModel } from "@homegrown/evaluation";
import type { Registry, VersionDetails } from "@homegrown/registry";
import { homePaths, publishFolder } from "@homegrown/storage";
import { toCorpusKey } from "./corpus-key.ts";
import { exportModel } from "./export-model.ts";
import { findGrown } from "./find-grown.ts";
import { openGallery, type Gallery } from "./gallery.ts";
import { stopIfInterrupted } from "./interrupted.ts";
import type { Prepared } from "./open-or-build.ts";
import { listening } from "./listening.ts";
import { preparePairs, prepareText } from "./prepare.ts";
import { pretrain, type TrainedRun } from "./pretrain.ts";
import { releaseVersion } from "./release.ts";
import type { Showcase } from "./showcase.ts";
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
  /**
   * Reference of the version that answers under the model's name now: another than `version` when that was
   * grown before and replaced since. Absent when no version of the name is champion.
   */
  champion?: string;
}

/** Text that the byte model counts, a few seconds' worth; more would change its figure little. */
const BASELINE_BYTES = 16 * 2 ** 20;

export async function grow(options: GrowOptions): Promise<Growth> {
  const { home, registry, name, sources, minutes, recipe, seed = 1, onStage } = options;
  const { dataset: text, reused } = await prepareText({
    home,
    sources,
    vocabSize: recipe.vocabSize,
    ...listening(options),
  });
  onStage?.({ stage: "text", dataset: text, reused });

  const key = await toCorpusKey([], { text: text.manifestSha256, recipe, minutes, seed });
  const grown = await findGrown(registry, name, tuneRunId(key));
  if (grown) return { ...grown, text, reused: true };

  // Before the minutes of pretraining: a text of which no pairs can be made must not cost them.
  const pairs = await preparePairs({
    home,
    text,
    sequenceLength: recipe.sequenceLength,
    ...listening(options),
  });
  const byteModel = await trainByteModel(
    readTrainingTexts(text.folder, text.manifest, text.tokenizer, { maxBytes: BASELINE_BYTES }),
    { order: 5, ...(options.signal && { signal: options.signal }) },
  );
  const gallery = await openGallery(text, byteModel);
  if (gallery) onStage?.({ stage: "showcase", showcase: gallery.showcase, baseline: gallery.baseline });
  const base = await growBase(options, key, text, gallery);
  onStage?.({ stage: "pairs", ...pairs });
  const tuned = await growTuned(options, key, pairs, base, text);
  const { version, report } = await releaseVersion({
    registry,
    name,
    runs: [base.manifest, tuned.manifest],
    parameters: tuned.result.parameters,
    text,
    pairs: pairs.dataset,
    training: await toTrainingRecord(base),
    samples: gallery?.samples() ?? [],
    byteModel,
    ...listening(options),
  });
  onStage?.({ stage: "released", version, report });
  await registry.promote({
    name,
    version: version.version,
    reason: `grown in ${minutes} minutes from ${text.manifest.name}`,
  });
  return {
    version: await registry.show(version.reference),
    report,
    text,
    reused: false,
    champion: version.reference,
  };
}

async function growBase(
  options: GrowOptions,
  key: string,
  text: Dataset,
  gallery: Gallery | undefined,
): Promise<TrainedRun> {
  const { home, recipe, minutes, seed = 1, onStage, onProgress } = options;
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
    ...(gallery && { samples: gallery.request }),
    ...(options.signal && { signal: options.signal }),
    onProgress: (event) => {
      const sample = gallery?.receive(event);
      if (sample) onStage?.({ stage: "sample", ...sample });
      else onProgress?.(event);
    },
  });
  stopIfInterrupted(base.result);
  onStage?.({ stage: "pretrained", run: base });
  return base;
}

async function growTuned(
  options: GrowOptions,
  key: string,
  { dataset: pairs }: Prepared,
  base: TrainedRun,
  text: Dataset,
): Promise<TrainedRun> {
  const { home, recipe, minutes, seed = 1, onStage } = options;
  const baseFolder = await exportBase(options, base, text);
  const tuned = await tune({
    home,
    runId: tuneRunId(key),
    datasetFolder: pairs.folder,
    initialModel: { folder: baseFolder },
    sequenceLength: recipe.sequenceLength,
    minutes: minutes * (1 - recipe.pretrainShare),
    seed,
    ...listening(options),
  });
  stopIfInterrupted(tuned.result);
  onStage?.({ stage: "tuned", run: tuned });
  return tuned;
}

function tuneRunId(key: string): string {
  return `grow-${key}-tune`;
}

/** The pretrained model as a folder inside the run, for tuning to start from. */
async function exportBase({ home, name }: GrowOptions, base: TrainedRun, text: Dataset): Promise<string> {
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
