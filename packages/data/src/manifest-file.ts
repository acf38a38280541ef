import { HomegrownError, datasetManifestSchema } from "@homegrown/contracts";
import type { DatasetManifest } from "@homegrown/contracts";

/** The manifest's name inside a dataset folder. */
export const DATASET_MANIFEST_FILE = "dataset.json";

export function serializeManifest(manifest: DatasetManifest): string {
  return `${JSON.stringify(datasetManifestSchema.parse(manifest), undefined, 2)}\n`;
}

/** @throws `data/corrupt-manifest`. */
export function parseManifest(text: string, path: string): DatasetManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw corruptManifest(path, "it is no JSON", cause);
  }
  const parsed = datasetManifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw corruptManifest(path, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`, parsed.error);
}

function corruptManifest(path: string, what: string, cause: unknown): HomegrownError {
  return new HomegrownError({
    code: "data/corrupt-manifest",
    kind: "corrupt",
    message: `${path} is no dataset manifest: ${what}`,
    hint: "Build the dataset again with `homegrown data`.",
    cause,
  });
}
