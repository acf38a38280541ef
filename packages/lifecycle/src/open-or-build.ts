// A dataset by its name in a home: opened when it is there, built when it is not, never one that was made of
// something else.
import { existsSync } from "node:fs";
import path from "node:path";
import { HomegrownError } from "@homegrown/contracts";
import { openDataset, type Dataset } from "@homegrown/data";
import { homePaths } from "@homegrown/storage";

export interface Prepared {
  dataset: Dataset;
  /** It was there already, made from the same files in the same way. */
  reused: boolean;
}

interface OpenOrBuildOptions {
  home: string;
  name: string;
  /** What the dataset's manifest must say it was made from; absent where the name alone says it. */
  key?: string;
  /** The same in words, for the error. */
  wanted?: string;
  build(target: string): Promise<unknown>;
}

/** @throws `lifecycle/dataset-exists`, what `build` throws, and what `openDataset` throws */
export async function openOrBuild(options: OpenOrBuildOptions): Promise<Prepared> {
  const target = path.join(homePaths(options.home).data, options.name);
  let reused = existsSync(target);
  if (!reused) {
    try {
      await options.build(target);
    } catch (error) {
      // Another process was faster with the same name: what it published is as good, if it is the same.
      if (!(error instanceof HomegrownError) || error.code !== "storage/exists") throw error;
      reused = true;
    }
  }
  const dataset = await openDataset(target);
  if (options.key !== undefined && dataset.manifest.key !== options.key) throw otherDataset(options, dataset);
  return { dataset, reused };
}

function otherDataset(
  { name, key, wanted }: OpenOrBuildOptions,
  { folder, manifest }: Dataset,
): HomegrownError {
  const { sources, tokenizer, heldOut } = manifest;
  const found =
    `${sources.map((source) => source.name).join(", ")} (vocabulary ${tokenizer.vocabSize}, ` +
    `held-out share ${heldOut.fraction}, key ${manifest.key ?? "unknown"})`;
  return new HomegrownError({
    code: "lifecycle/dataset-exists",
    kind: "conflict",
    message: `the dataset '${name}' exists and was made of ${found}; asked for is ${wanted}, key ${key}`,
    hint: `Choose another name, or remove ${folder} when no run needs it any more. The key also changes with the files.`,
    details: { name, folder, found: manifest.key, wanted: key },
  });
}
