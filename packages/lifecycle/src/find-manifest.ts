import { HomegrownError, type RunManifest } from "@homegrown/contracts";
import { readManifest } from "@homegrown/training";

/** The manifest of a run that was begun before, or undefined. */
export async function findManifest(home: string, runId: string): Promise<RunManifest | undefined> {
  try {
    return await readManifest(home, runId);
  } catch (error) {
    if (error instanceof HomegrownError && error.code === "training/unknown-run") return undefined;
    throw error;
  }
}
