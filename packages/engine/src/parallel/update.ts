// One worker's half of the optimizer step. The flat order is cut into equal slices for the reduction and
// for AdamW; whole matrices go to workers for Muon. All cuts are fixed when the stepper starts, and every
// sum runs in worker order, so a step is a pure function of its inputs and the number of workers.
import type { Kernels } from "../kernels/kernels.ts";
import { waitAtBarrier } from "./barrier.ts";
import { sliceOf } from "./memory-layout.ts";
import type { Placement } from "./memory-layout.ts";
import type { StepCommand, StepOutcome, WorkerSetup } from "./messages.ts";
import { createMuonRunner } from "./muon.ts";
import { adamScalars, clippingFactor } from "./optimizer.ts";

export interface UpdateRunner {
  /** Call when every worker's gradients are complete up to a barrier; `loss` is this worker's share. */
  run(command: StepCommand, loss: number): Promise<StepOutcome>;
  close(): Promise<void>;
}

export async function createUpdateRunner(setup: WorkerSetup, kernels: Kernels): Promise<UpdateRunner> {
  const { index, numWorkers, layout, control, optimizer } = setup;
  const gradients = layout.workers[0]!.gradients;
  const [from, to] = sliceOf(layout.count, index, numWorkers);
  const segments = adamSegments(layout.placements, sliceOf(layout.adamCount, index, numWorkers));
  const muon = await createMuonRunner(setup, kernels);

  function adamw(command: StepCommand, clipFactor: number): void {
    for (const { spec, offset, count } of segments) {
      const k = adamScalars(optimizer, spec, command.learningRates.base, command.stepNumber, clipFactor);
      kernels.adamw(
        layout.parameters + 4 * offset,
        gradients + 4 * offset,
        layout.firstMoments + 4 * offset,
        layout.secondMoments + 4 * offset,
        count,
        ...([k.beta1, k.firstGain, k.beta2, k.secondGain, k.step, k.epsilon, k.decay] as const),
      );
    }
  }

  return {
    async run(command, loss) {
      control.losses[index] = loss;
      waitAtBarrier(control.barrier, numWorkers);
      const slice = gradients + 4 * from;
      control.squares[index] = kernels.reduceGradients(slice, layout.gradientStride, numWorkers, to - from);
      waitAtBarrier(control.barrier, numWorkers);
      const totalLoss = control.losses.reduce((a, b) => a + b, 0);
      const gradientNorm = Math.sqrt(control.squares.reduce((a, b) => a + b, 0));
      // Comparisons with NaN are false, so a step that is not finite is never applied.
      const applied =
        totalLoss <= command.lossLimit &&
        gradientNorm <= command.gradientNormLimit &&
        Number.isFinite(totalLoss) &&
        Number.isFinite(gradientNorm);
      if (applied) {
        const clipFactor = clippingFactor(gradientNorm, command.clipNorm);
        adamw(command, clipFactor);
        await muon.run(command, clipFactor);
      } else {
        kernels.zero(slice, to - from);
      }
      return { loss: totalLoss, gradientNorm, applied };
    },
    close: () => muon.close(),
  };
}

/** The parts of AdamW's tensors inside [from, to), padding included: it is zero and stays zero. */
function adamSegments(
  placements: readonly Placement[],
  [from, to]: readonly [number, number],
): { spec: Placement["spec"]; offset: number; count: number }[] {
  return placements
    .filter(({ muon }) => !muon)
    .map(({ spec, offset, count }) => {
      const start = Math.max(from, offset);
      const end = Math.min(to, offset + Math.ceil(count / 16) * 16);
      return { spec, offset: start, count: end - start };
    })
    .filter(({ count }) => count > 0);
}
