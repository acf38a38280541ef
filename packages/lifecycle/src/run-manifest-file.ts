import { readFile } from "node:fs/promises";
import path from "node:path";
import { HomegrownError, runManifestSchema, type RunManifest } from "@homegrown/contracts";
import { homePaths } from "@homegrown/storage";

/** The manifest of a run that was begun before, or undefined. Throws `lifecycle/bad-run` when it cannot be read. */
export async function readRunManifest(home: string, runId: string): Promise<RunManifest | undefined> {
  const file = path.join(homePaths(home).runs, runId, "manifest.json");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    return undefined;
  }
  try {
    return runManifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new HomegrownError({
      code: "lifecycle/bad-run",
      kind: "corrupt",
      message: `${file} is not a run manifest of this version`,
      hint: `Remove the folder ${path.dirname(file)} to begin that run anew.`,
      cause,
    });
  }
}
