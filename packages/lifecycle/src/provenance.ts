// The manifests behind a version, copied into its folder before it is signed: runs and datasets may be removed
// from a home, what a model was made of and how must not go with them.
import { copyFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { runManifestSchema, type RunManifest } from "@homegrown/contracts";
import { DATASET_MANIFEST_FILE, type Dataset } from "@homegrown/data";

/** `run-ID.json` and `dataset-NAME.json`: the sha256 of each is the one that the lineage names. */
export async function writeProvenance(
  folder: string,
  runs: readonly RunManifest[],
  datasets: readonly Dataset[],
): Promise<void> {
  for (const run of runs) {
    const text = `${JSON.stringify(runManifestSchema.parse(run), undefined, 2)}\n`;
    await writeFile(path.join(folder, `run-${run.id}.json`), text);
  }
  for (const dataset of datasets) {
    const name = path.basename(dataset.folder);
    await copyFile(
      path.join(dataset.folder, DATASET_MANIFEST_FILE),
      path.join(folder, `dataset-${name}.json`),
    );
  }
}
