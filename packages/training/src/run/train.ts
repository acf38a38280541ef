import type { ProgressListener, RunManifest } from "@homegrown/contracts";

/** Continuations to show while the model grows. Each is one `sample` progress event. */
export interface SampleRequest {
  /** Before the first step (0), after others; `totalSteps` is the end. */
  readonly atSteps: readonly number[];
  readonly prompts: readonly { readonly ids: readonly number[]; readonly maxTokens: number }[];
  readonly stopIds?: readonly number[];
}

export interface TrainOptions {
  readonly home: string;
  readonly manifest: RunManifest;
  /** When it aborts, the step under way is finished, a checkpoint written, and `interrupted` returned. */
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
  readonly samples?: SampleRequest;
}

export interface TrainingResult {
  readonly status: "completed" | "interrupted";
  /** By Hugging Face name, in this process's memory: the model after the last step. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly steps: number;
  /** Mean of the last steps' training losses, nats per token. */
  readonly finalLoss: number;
  /** Nats per token; absent without held-out sequences. */
  readonly heldOutLoss: number | undefined;
  readonly tokens: number;
  /** Spent in steps and evaluations, over all resumed parts. */
  readonly seconds: number;
  readonly tokensPerSecond: number;
  readonly flops: number;
  readonly peakMemoryBytes: number;
  /** `metrics.jsonl`: one line for each step and held-out evaluation. */
  readonly metricsFile: string;
  readonly runFolder: string;
}

/**
 * Runs a manifest to its end in `runs/<id>` of the home, continuing from the newest good checkpoint when
 * there is one; a finished run returns its result at once.
 */
export async function train(_options: TrainOptions): Promise<TrainingResult> {
  throw new Error("being written");
}

/** `train` with the manifest that the run's folder holds. Throws `training/unknown-run`. */
export async function resume(
  _options: Omit<TrainOptions, "manifest"> & { readonly runId: string },
): Promise<TrainingResult> {
  throw new Error("being written");
}
