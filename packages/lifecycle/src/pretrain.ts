import type { ProgressListener, RunManifest } from "@homegrown/contracts";
import { resolveModelConfig, type ModelRequest } from "@homegrown/models";
import {
  planRun,
  train,
  type PlanOptions,
  type SampleRequest,
  type TrainingResult,
} from "@homegrown/training";
import { openDataset } from "@homegrown/data";
import { readCodeVersion } from "./code-version.ts";
import { findManifest } from "./find-manifest.ts";

export interface PretrainOptions {
  home: string;
  runId: string;
  datasetFolder: string;
  /** A size name or a shape; the vocabulary comes from the dataset. */
  model: string | ModelRequest;
  sequenceLength: number;
  /** Exactly one of `minutes` and `totalSteps`. */
  minutes?: number;
  totalSteps?: number;
  sequencesPerStep?: number;
  microBatchSequences?: number;
  optimizer?: PlanOptions["optimizer"];
  seed?: number;
  numWorkers?: number;
  /** `atEnd`: also after the last step, whichever that is. */
  samples?: SampleRequest & { atEnd?: boolean };
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

export interface TrainedRun {
  manifest: RunManifest;
  result: TrainingResult;
}

/** A new decoder from random weights. A run of this id that was begun before goes on with its own manifest. */
export async function pretrain(options: PretrainOptions): Promise<TrainedRun> {
  const { home, runId, samples, signal, onProgress } = options;
  const manifest = (await findManifest(home, runId)) ?? (await plan(options));
  const result = await train({
    home,
    manifest,
    ...(samples && { samples: withEnd(samples, manifest.totalSteps) }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  return { manifest, result };
}

function withEnd(
  { atEnd = false, ...samples }: SampleRequest & { atEnd?: boolean },
  totalSteps: number,
): SampleRequest {
  return atEnd ? { ...samples, atSteps: [...new Set([...samples.atSteps, totalSteps])] } : samples;
}

async function plan(options: PretrainOptions): Promise<RunManifest> {
  const dataset = await openDataset(options.datasetFolder);
  const model = resolveModelConfig(
    options.model,
    dataset.manifest.tokenizer.vocabSize,
    options.sequenceLength,
  );
  return planRun({
    home: options.home,
    id: options.runId,
    kind: "pretrain",
    model,
    datasetFolder: options.datasetFolder,
    code: await readCodeVersion(),
    batch: {
      sequenceLength: options.sequenceLength,
      ...(options.sequencesPerStep && { sequencesPerStep: options.sequencesPerStep }),
      ...(options.microBatchSequences && { microBatchSequences: options.microBatchSequences }),
    },
    ...(options.minutes !== undefined && { minutes: options.minutes }),
    ...(options.totalSteps !== undefined && { totalSteps: options.totalSteps }),
    ...(options.optimizer && { optimizer: options.optimizer }),
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(options.numWorkers !== undefined && { numWorkers: options.numWorkers }),
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  });
}
