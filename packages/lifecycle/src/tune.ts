import type { ProgressListener } from "@homegrown/contracts";
import { planRun, train, type PlanOptions } from "@homegrown/training";
import { readHuggingFace } from "@homegrown/models";
import { readCodeVersion } from "./code-version.ts";
import { listening } from "./listening.ts";
import { findManifest } from "./find-manifest.ts";
import type { TrainedRun } from "./pretrain.ts";

export interface TuneOptions {
  home: string;
  runId: string;
  /** A dataset of pairs, made with the tokenizer of the model that is tuned. */
  datasetFolder: string;
  /** Hugging Face folder inside the home. */
  initialModel: { folder: string; version?: string };
  sequenceLength: number;
  minutes?: number;
  totalSteps?: number;
  sequencesPerStep?: number;
  optimizer?: PlanOptions["optimizer"];
  seed?: number;
  numWorkers?: number;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** Supervised tuning on conversations; only the answers count in the loss. */
export async function tune(options: TuneOptions): Promise<TrainedRun> {
  const { home, runId } = options;
  let manifest = await findManifest(home, runId);
  if (!manifest) {
    const { config } = await readHuggingFace(options.initialModel.folder);
    manifest = await planRun({
      home,
      id: runId,
      kind: "sft",
      model: config,
      datasetFolder: options.datasetFolder,
      initialModel: options.initialModel,
      code: await readCodeVersion(),
      batch: {
        sequenceLength: options.sequenceLength,
        ...(options.sequencesPerStep && { sequencesPerStep: options.sequencesPerStep }),
      },
      ...(options.minutes !== undefined && { minutes: options.minutes }),
      ...(options.totalSteps !== undefined && { totalSteps: options.totalSteps }),
      ...(options.optimizer && { optimizer: options.optimizer }),
      ...(options.seed !== undefined && { seed: options.seed }),
      ...(options.numWorkers !== undefined && { numWorkers: options.numWorkers }),
      ...listening(options),
    });
  }
  return { manifest, result: await train({ home, manifest, ...listening(options) }) };
}
