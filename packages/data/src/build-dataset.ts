import type { BuildDatasetOptions, BuiltDataset } from "./build-options.ts";

export async function buildDataset(_options: BuildDatasetOptions): Promise<BuiltDataset> {
  throw new Error("not yet");
}
