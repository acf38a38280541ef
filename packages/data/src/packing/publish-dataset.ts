import { join } from "node:path";
import type { DatasetManifest, ProgressListener } from "@homegrown/contracts";
import { publishFolder, sha256, writeFileAtomic } from "@homegrown/storage";
import type { BuiltDataset } from "../build-options.ts";
import { DATASET_MANIFEST_FILE, serializeManifest } from "../manifest-file.ts";
import { JsonSpill } from "./json-spill.ts";

/**
 * Makes a dataset's folder: it appears whole, its manifest written last, or not at all. `fill` writes the files
 * and returns the manifest; what it spills on the way is gone before the folder appears.
 */
export async function publishDataset<Spilled>(
  { target, onProgress }: { target: string; onProgress?: ProgressListener },
  fill: (folder: string, spill: JsonSpill<Spilled>) => Promise<DatasetManifest>,
): Promise<BuiltDataset> {
  let manifest: DatasetManifest | undefined;
  await publishFolder(target, async (folder) => {
    const spill = new JsonSpill<Spilled>(join(folder, "fill.spill"));
    try {
      manifest = await fill(folder, spill);
    } finally {
      await spill.remove();
    }
    await writeFileAtomic(join(folder, DATASET_MANIFEST_FILE), serializeManifest(manifest));
  });
  onProgress?.({ event: "data-done" });
  return { folder: target, manifest: manifest!, manifestSha256: sha256(serializeManifest(manifest!)) };
}
