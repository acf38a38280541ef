import { HomegrownError } from "@homegrown/contracts";
import type { TrainingResult } from "@homegrown/training";

/** A run that was asked to stop has its checkpoint; the caller must not go on with half a model. */
export function stopIfInterrupted(result: TrainingResult): void {
  if (result.status === "completed") return;
  throw new HomegrownError({
    code: "lifecycle/interrupted",
    kind: "cancelled",
    message: `Interrupted after step ${result.steps}; the checkpoint is written.`,
    hint: "Run the same command again: it goes on from there.",
    details: { run: result.runFolder },
  });
}
