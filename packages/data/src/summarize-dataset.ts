import type { DatasetManifest } from "@homegrown/contracts";

/** One line of a table: a step of preparation and what it let through. */
export interface DatasetSummaryRow {
  step: string;
  documentsIn: number;
  documentsOut: number;
  bytesOut: number;
  /** `reason (documents)`, most frequent first. */
  dropped: string;
}

/** The manifest's steps as rows for a terminal. */
export function summarizeDataset(manifest: DatasetManifest): DatasetSummaryRow[] {
  return manifest.steps.map(({ name, documentsIn, documentsOut, bytesOut, dropped }) => ({
    step: name,
    documentsIn,
    documentsOut,
    bytesOut,
    dropped: [...dropped]
      .sort((a, b) => b.documents - a.documents)
      .map(({ reason, documents }) => `${reason} (${documents})`)
      .join(", "),
  }));
}
