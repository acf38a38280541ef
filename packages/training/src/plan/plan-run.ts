// From what a caller wants to the manifest that decides every number of the run.
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, relative, resolve } from "node:path";
import { HomegrownError, datasetManifestSchema, runIdSchema, runManifestSchema } from "@homegrown/contracts";
import type { DatasetManifest, DecoderConfig, ProgressListener, RunManifest } from "@homegrown/contracts";
import { DATASET_MANIFEST_FILE } from "@homegrown/data";
import { homePaths, sha256, sha256File } from "@homegrown/storage";
import { chooseNumWorkers } from "./choose-workers.ts";
import * as defaults from "./defaults.ts";
import type { ScheduleFractions } from "./defaults.ts";
import { measureSpeed } from "./measure-speed.ts";

/** Of a run's time that writing checkpoints takes. */
const checkpointShare = 0.02;

/** What a caller decides; everything else has a default that suits a run of minutes on a laptop. */
export interface PlanOptions {
  readonly home: string;
  /** Lower-case letters, digits, hyphens; becomes the run's folder name. */
  readonly id: string;
  readonly kind: RunManifest["kind"];
  readonly model: DecoderConfig;
  /** The dataset's folder, inside `home`. */
  readonly datasetFolder: string;
  /** One of the three: how long to train, how many steps, or how often to see all training data. */
  readonly minutes?: number;
  readonly totalSteps?: number;
  readonly epochs?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Default: the most, up to `processors` and 8, that share out the sequences and fit one memory. */
  readonly numWorkers?: number;
  /** Default: the machine's. */
  readonly processors?: number;
  /** Default: 256 tokens (the row length for `pairs`), 4096 tokens a step, micro-batches of at most 4. */
  readonly batch?: Partial<RunManifest["batch"]>;
  /** Default: Muon; see `defaults.ts`. */
  readonly optimizer?: Partial<RunManifest["optimizer"]>;
  /** Shares of the run's steps, and the last step's share of the peak rate. */
  readonly schedule?: Partial<ScheduleFractions>;
  /** Default 1. */
  readonly clipNorm?: number;
  readonly checkpoints?: Partial<RunManifest["checkpoints"]>;
  readonly evaluation?: Partial<RunManifest["evaluation"]>;
  readonly spikes?: Partial<RunManifest["spikes"]>;
  /** Folder (Hugging Face layout) inside `home` whose weights the run starts from. */
  readonly initialModel?: { readonly folder: string; readonly version?: string };
  readonly code: RunManifest["code"];
  /** For `minutes`: how long to measure; default 4. */
  readonly measureSeconds?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
}

/**
 * A complete manifest. With `minutes` the real step is measured for a few seconds, once, and the result
 * stored as `budget`: the manifest never changes afterwards. Throws `training/bad-plan`.
 */
export async function planRun(options: PlanOptions): Promise<RunManifest> {
  const { home, kind } = options;
  const datasetFile = join(resolve(options.datasetFolder), DATASET_MANIFEST_FILE);
  const text = await readFile(datasetFile, "utf8").catch((cause: unknown) => {
    throw badPlan(`there is no dataset at ${options.datasetFolder}`, "Build it first.", cause);
  });
  const dataset = parseDataset(text, datasetFile);
  if (!runIdSchema.safeParse(options.id).success) {
    throw badPlan(
      `'${options.id}' is no name for a run`,
      "Use 1 to 80 lower-case letters, digits and hyphens.",
    );
  }
  const evaluation = {
    everySteps: 1,
    numSequences: defaults.defaultEvents.heldOutSequences,
    ...options.evaluation,
  };
  const optimizer = {
    ...defaults.defaultOptimizer(kind, options.optimizer?.kind ?? "muon"),
    ...options.optimizer,
  };
  const sequenceLength = planSequenceLength(options, dataset);
  const { processors = availableParallelism() } = options;
  const demand = { model: options.model, optimizer: optimizer.kind, ...options.batch, sequenceLength };
  const numWorkers = options.numWorkers ?? chooseNumWorkers(demand, processors);
  const batch = planBatch(options, sequenceLength, numWorkers);
  const { totalSteps, budget } = await planLength(options, {
    dataset,
    batch,
    numWorkers,
    optimizer,
    evaluation,
  });
  const perEvent = (events: number): number => Math.max(1, Math.ceil(totalSteps / events));
  const { evaluations, checkpoints, keepLast } = defaults.defaultEvents;
  return toManifest({
    schemaVersion: 1,
    id: options.id,
    kind,
    createdAt: new Date().toISOString(),
    seed: options.seed ?? 1,
    numWorkers,
    model: options.model,
    dataset: { path: insideHome(home, datasetFile), sha256: sha256(text) },
    ...(options.initialModel === undefined
      ? {}
      : { initialModel: await pinModel(home, options.initialModel) }),
    batch,
    totalSteps,
    optimizer,
    schedule: planSchedule(totalSteps, {
      ...defaults.defaultSchedule(kind, optimizer.kind),
      ...options.schedule,
    }),
    clipNorm: options.clipNorm ?? 1,
    checkpoints: { everySteps: perEvent(checkpoints), keepLast, ...options.checkpoints },
    evaluation: { ...evaluation, everySteps: options.evaluation?.everySteps ?? perEvent(evaluations) },
    ...(budget === undefined ? {} : { budget }),
    spikes: { ...defaults.defaultSpikes, ...options.spikes },
    code: options.code,
  } satisfies RunManifest);
}

function parseDataset(text: string, file: string): DatasetManifest {
  try {
    return datasetManifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw badPlan(`${file} is no dataset manifest`, "Build the dataset again.", cause);
  }
}

function planSequenceLength(options: PlanOptions, dataset: DatasetManifest): number {
  const rows = dataset.rowTokens === undefined ? undefined : dataset.rowTokens - 1;
  const longest = options.model.maxPositionEmbeddings;
  const sequenceLength =
    options.batch?.sequenceLength ?? rows ?? Math.min(defaults.defaultSequenceLength, longest);
  if (sequenceLength <= longest) return sequenceLength;
  throw badPlan(
    `sequences of ${sequenceLength} tokens do not fit a model of ${longest} positions`,
    "Use shorter ones.",
  );
}

function planBatch(options: PlanOptions, sequenceLength: number, numWorkers: number): RunManifest["batch"] {
  const wanted =
    options.batch?.sequencesPerStep ??
    Math.max(1, Math.round(defaults.defaultTokensPerStep / sequenceLength));
  // What nobody asked for grows until it shares out; what was asked for must share out as it is.
  const unit = options.batch?.sequencesPerStep === undefined ? (options.batch?.microBatchSequences ?? 1) : 1;
  const perWorker = Math.ceil(wanted / (numWorkers * unit)) * unit;
  if (options.batch?.sequencesPerStep !== undefined && perWorker * numWorkers !== wanted) {
    throw badPlan(
      `${wanted} sequences a step do not share out over ${numWorkers} workers`,
      "Make sequencesPerStep a multiple of numWorkers.",
    );
  }
  const microBatchSequences =
    options.batch?.microBatchSequences ?? largestDivisor(perWorker, defaults.defaultMicroBatchSequences);
  if (perWorker % microBatchSequences !== 0) {
    throw badPlan(
      `${perWorker} sequences of a worker do not share out into micro-batches of ${microBatchSequences}`,
      "Make sequencesPerStep a multiple of numWorkers · microBatchSequences.",
    );
  }
  return { sequenceLength, sequencesPerStep: perWorker * numWorkers, microBatchSequences };
}

interface PlannedParts extends Pick<RunManifest, "batch" | "numWorkers" | "optimizer" | "evaluation"> {
  readonly dataset: DatasetManifest;
}

async function planLength(
  { home, model, minutes, totalSteps, epochs, measureSeconds, signal, onProgress }: PlanOptions,
  { dataset, ...parts }: PlannedParts,
): Promise<Pick<RunManifest, "totalSteps" | "budget">> {
  const tokensPerStep = parts.batch.sequencesPerStep * parts.batch.sequenceLength;
  if ([minutes, totalSteps, epochs].filter((value) => value !== undefined).length !== 1) {
    throw badPlan("a run's length must be given in exactly one way", "Give minutes, totalSteps or epochs.");
  }
  if (totalSteps !== undefined) return { totalSteps };
  if (epochs !== undefined) {
    const { rowTokens, splits } = dataset;
    // A row holds one id more than it trains on.
    const tokens =
      rowTokens === undefined
        ? splits.train.numTokens
        : (splits.train.numTokens * (rowTokens - 1)) / rowTokens;
    return { totalSteps: Math.max(1, Math.round((epochs * tokens) / tokensPerStep)) };
  }
  if (!(minutes! > 0)) throw badPlan(`minutes is ${minutes}`, "Give a positive number of minutes.");
  onProgress?.({ event: "speed-measure", message: "measuring the training step" });
  const { secondsPerStep, secondsPerEvaluation } = await measureSpeed(
    home,
    { model, ...parts },
    { signal, measureSeconds },
  );
  // One evaluation before the first step and one at the end come on top of the regular ones.
  const evaluations = (defaults.defaultEvents.evaluations + 2) * secondsPerEvaluation;
  const seconds = Math.max(minutes! * 60 * (1 - checkpointShare) - evaluations, minutes! * 30);
  return {
    totalSteps: Math.max(1, Math.floor(seconds / secondsPerStep)),
    budget: { minutes: minutes!, measuredTokensPerSecond: tokensPerStep / secondsPerStep },
  };
}

function planSchedule(
  totalSteps: number,
  { warmupFraction, decayFraction, finalFraction }: ScheduleFractions,
): RunManifest["schedule"] {
  return {
    warmupSteps: Math.round(totalSteps * warmupFraction),
    decaySteps: Math.round(totalSteps * decayFraction),
    finalFraction,
  };
}

async function pinModel(
  home: string,
  { folder, version }: { readonly folder: string; readonly version?: string },
): Promise<RunManifest["initialModel"]> {
  const weights = join(resolve(folder), "model.safetensors");
  const weightsSha256 = await sha256File(weights).catch((cause: unknown) => {
    throw badPlan(`there is no model in ${folder}: ${weights} cannot be read`, "Give a model folder.", cause);
  });
  return { path: insideHome(home, folder), weightsSha256, ...(version === undefined ? {} : { version }) };
}

/** Manifests name files relative to the home, so that a home can move. */
function insideHome(home: string, path: string): string {
  const inside = relative(homePaths(home).root, resolve(path));
  if (!inside.startsWith("..") && resolve(inside) !== inside) return inside.replaceAll("\\", "/");
  throw badPlan(`${path} lies outside the home ${home}`, "Build or copy it into the home first.");
}

function largestDivisor(value: number, limit: number): number {
  for (let divisor = Math.min(limit, value); divisor > 1; divisor--)
    if (value % divisor === 0) return divisor;
  return 1;
}

function toManifest(manifest: RunManifest): RunManifest {
  const parsed = runManifestSchema.safeParse(manifest);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw badPlan(
    `${path.join(".")} is ${JSON.stringify(valueAt(manifest, path))}: ${message}`,
    "Change that value.",
  );
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
}

function badPlan(what: string, hint: string, cause?: unknown): HomegrownError {
  return new HomegrownError({
    code: "training/bad-plan",
    kind: "invalid-input",
    message: `the run cannot be planned: ${what}`,
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}
