import type { HomegrownError, ModelDirectory } from "@homegrown/contracts";
import type { ModelHostOptions } from "../host/model-host.ts";

/** One name and the version that it stands for now. */
export interface ServedVersion {
  name: string;
  /** Immutable: a new content is a new version. */
  version: string;
  ggufFile: string;
  createdAt: Date;
  ownedBy: string;
}

/** Where the pool learns which names are served; read at start and at every `refresh`. */
export interface ModelSource {
  list(): Promise<readonly ServedVersion[]>;
}

export interface ModelPoolOptions {
  source: ModelSource;
  hostOptions?: Omit<ModelHostOptions, "ggufFile" | "modelId">;
  onEvent?: (event: PoolEvent) => void;
}

export type PoolEvent =
  | { event: "version-swap"; name: string; from: string; to: string; milliseconds: number }
  | { event: "version-refuse"; name: string; kept: string; refused: string; error: HomegrownError }
  | { event: "version-retire"; name: string; version: string };

/** What one `refresh` did: names by outcome. */
export interface RefreshResult {
  swapped: readonly { name: string; from: string; to: string }[];
  /** The new version did not start: the old one goes on answering. */
  refused: readonly { name: string; kept: string; refused: string; error: HomegrownError }[];
  added: readonly string[];
  removed: readonly string[];
}

/** The directory of own models: hosts start on first use and are swapped without a gap. */
export interface ModelPool extends ModelDirectory {
  refresh(): Promise<RefreshResult>;
  /** Waits for running leases, then ends every host. */
  close(): Promise<void>;
}

export async function createModelPool(_options: ModelPoolOptions): Promise<ModelPool> {
  throw new Error("in work");
}
