import type { DecoderConfig, ProgressListener, RunManifest } from "@homegrown/contracts";

/** What a caller decides; everything else has a default that suits a run of minutes on a laptop. */
export interface PlanOptions {
  readonly home: string;
  /** Lower-case letters, digits, hyphens; becomes the run's folder name. */
  readonly id: string;
  readonly kind: RunManifest["kind"];
  readonly model: DecoderConfig;
  /** Folder of the dataset, inside `home`. */
  readonly datasetFolder: string;
  /** Exactly one of the two: how long to train, or how many steps. */
  readonly minutes?: number;
  readonly totalSteps?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Default: the machine's processors, 8 at most. */
  readonly numWorkers?: number;
  readonly batch?: Partial<RunManifest["batch"]>;
  readonly optimizer?: Partial<RunManifest["optimizer"]>;
  readonly schedule?: {
    readonly warmupFraction?: number;
    readonly decayFraction?: number;
    readonly finalFraction?: number;
  };
  readonly clipNorm?: number;
  readonly checkpoints?: Partial<RunManifest["checkpoints"]>;
  readonly evaluation?: Partial<RunManifest["evaluation"]>;
  readonly spikes?: Partial<RunManifest["spikes"]>;
  /** Folder (Hugging Face layout) inside `home` to start from. */
  readonly initialModel?: { readonly folder: string; readonly version?: string };
  readonly code: RunManifest["code"];
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
}

/**
 * A complete manifest. With `minutes` it measures the real training step for a few seconds, once, and
 * stores what it measured; the manifest never changes afterwards.
 * Throws `training/bad-plan`.
 */
export async function planRun(_options: PlanOptions): Promise<RunManifest> {
  throw new Error("being written");
}
