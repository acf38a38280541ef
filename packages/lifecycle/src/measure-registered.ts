import { HomegrownError, type ReportCard } from "@homegrown/contracts";
import { readHuggingFace } from "@homegrown/models";
import type { ResolvedVersion } from "@homegrown/registry";
import { measureVersion, type MeasureOptions } from "./measure.ts";

export interface MeasureRegisteredOptions extends Pick<
  MeasureOptions,
  "text" | "pairs" | "heldOutMilliseconds" | "signal" | "onProgress"
> {
  version: ResolvedVersion;
}

/** The report card of a version in the registry, measured anew. Throws `lifecycle/not-measurable` for imports. */
export async function measureRegistered({
  version,
  ...options
}: MeasureRegisteredOptions): Promise<ReportCard> {
  if (version.lineage.origin.kind !== "trained") {
    throw new HomegrownError({
      code: "lifecycle/not-measurable",
      kind: "invalid-input",
      message: `${version.reference} was imported as GGUF; measuring needs the weights in Hugging Face layout`,
      hint: "Measure a version that was trained here; talk to an imported one with `homegrown chat`.",
    });
  }
  const { config, parameters } = await readHuggingFace(version.folder);
  return measureVersion({
    ...options,
    version: version.reference,
    folder: version.folder,
    weights: version.lineage.weights,
    config,
    parameters,
  });
}
