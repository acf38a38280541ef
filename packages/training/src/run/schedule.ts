// Warm-up, stable, decay (Hu et al. 2024, arXiv 2404.06395; Hägele et al. 2024, arXiv 2405.18392): the
// learning rate climbs linearly, stays, and falls linearly at the end. A pure function of the step, so a
// resumed run sees the same rates.
import type { RunManifest } from "@homegrown/contracts";

/** Factor on the peak learning rate of step `step`, counted from 0; in (0, 1] before the last decay step. */
export function scheduleFactor(
  step: number,
  totalSteps: number,
  { warmupSteps, decaySteps, finalFraction }: RunManifest["schedule"],
): number {
  const warmup = Math.min(1, (step + 1) / (warmupSteps + 1));
  const left = totalSteps - step;
  const decay = decaySteps === 0 ? 1 : Math.min(1, left / (decaySteps + 1));
  return Math.min(warmup, finalFraction + (1 - finalFraction) * decay);
}
