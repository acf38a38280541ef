import { isDeepStrictEqual } from "node:util";
import {
  HomegrownError,
  type DecoderConfig,
  type ProgressListener,
  type RunManifest,
} from "@homegrown/contracts";
import { resolveModelConfig, type ModelRequest } from "@homegrown/models";
import {
  planRun,
  train,
  type PlanOptions,
  type SampleRequest,
  type TrainingResult,
} from "@homegrown/training";
import { openDataset, type Dataset } from "@homegrown/data";
import { readCodeVersion } from "./code-version.ts";
import { listening } from "./listening.ts";
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
  /** Go on with what the run's manifest says, whatever else is asked for here. */
  resume?: boolean;
  /** `atEnd`: also after the last step, whichever that is. */
  samples?: SampleRequest & { atEnd?: boolean };
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

export interface TrainedRun {
  manifest: RunManifest;
  result: TrainingResult;
}

/**
 * A new decoder from random weights. A run of this id that was begun before goes on with its own manifest.
 * Throws `lifecycle/other-run` when that run is of other text or another model.
 */
export async function pretrain(options: PretrainOptions): Promise<TrainedRun> {
  const { home, runId, samples } = options;
  const begun = await findManifest(home, runId);
  const manifest = begun && options.resume === true ? begun : await settle(options, begun);
  const result = await train({
    home,
    manifest,
    ...(samples && { samples: withEnd(samples, manifest.totalSteps) }),
    ...listening(options),
  });
  return { manifest, result };
}

function withEnd(
  { atEnd = false, ...samples }: SampleRequest & { atEnd?: boolean },
  totalSteps: number,
): SampleRequest {
  return atEnd ? { ...samples, atSteps: [...new Set([...samples.atSteps, totalSteps])] } : samples;
}

/** The manifest of a new run, or of the one that was begun with the same text, model and length. */
async function settle(options: PretrainOptions, begun: RunManifest | undefined): Promise<RunManifest> {
  const dataset = await openDataset(options.datasetFolder, { verify: "sizes" });
  const { vocabSize } = dataset.manifest.tokenizer;
  const model = resolveModelConfig(options.model, vocabSize, options.sequenceLength);
  if (!begun) return plan(options, model);
  requireSame(begun, { dataset, model, totalSteps: options.totalSteps });
  return begun;
}

/** A tokenizer of other text in the version of this run would make a model that speaks nonsense. */
function requireSame(
  begun: RunManifest,
  wanted: { dataset: Dataset; model: DecoderConfig; totalSteps: number | undefined },
): void {
  const { dataset, model, totalSteps = begun.totalSteps } = wanted;
  const differs = [
    begun.dataset.sha256 !== dataset.manifestSha256 && "text",
    !isDeepStrictEqual(begun.model, model) && "model",
    begun.totalSteps !== totalSteps && "number of steps",
  ].filter((what) => what !== false);
  if (differs.length === 0) return;
  throw new HomegrownError({
    code: "lifecycle/other-run",
    kind: "conflict",
    message: `run '${begun.id}' was begun with another ${differs.join(", another ")}`,
    hint: `Go on with it by \`homegrown train --resume ${begun.id}\`, or give this one another name with --run.`,
    details: { run: begun.id, differs },
  });
}

async function plan(options: PretrainOptions, model: DecoderConfig): Promise<RunManifest> {
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
    ...listening(options),
  });
}
