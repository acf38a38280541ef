// Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/): the momentum of a matrix is
// replaced by its nearest semi-orthogonal matrix before it is applied. Whole matrices go to workers by
// cost, once, so that who moves what never changes.
import type { Kernels } from "../kernels/kernels.ts";
import type { ParameterSpec } from "../program.ts";
import { createSession } from "../session.ts";
import type { Session } from "../session.ts";
import { viewFloats } from "./memory-layout.ts";
import type { Placement } from "./memory-layout.ts";
import type { StepCommand, WorkerSetup } from "./messages.ts";
import { buildNewtonSchulz, newtonSchulzFlops } from "./newton-schulz.ts";
import { muonScale } from "./optimizer.ts";

/** As in the reference implementation. */
export const defaultMomentum = 0.95;
/** Keeps a zero gradient from dividing by zero. */
const tiny = 1e-7;

interface MuonMatrix {
  readonly spec: ParameterSpec;
  readonly offset: number;
  /** Elements up to the next tensor. */
  readonly padded: number;
  readonly inverseNorm: Float32Array;
  readonly bound: ReturnType<Session["bind"]>;
}

export interface MuonRunner {
  /** Moves this worker's matrices; the gradients must be reduced. */
  run(command: StepCommand, clipFactor: number): Promise<void>;
  close(): Promise<void>;
}

export async function createMuonRunner(setup: WorkerSetup, kernels: Kernels): Promise<MuonRunner> {
  const { layout, memory, index, numWorkers, optimizer } = setup;
  const momentum = optimizer.momentum ?? defaultMomentum;
  const gradients = layout.workers[0]!.gradients;
  const mine = shareMatrices(layout.placements, numWorkers)[index]!;
  const sessions = new Map<string, Session>();
  const matrices: MuonMatrix[] = [];
  for (const { spec, offset, count } of mine) {
    const [rows, columns] = spec.shape as [number, number];
    const key = spec.shape.join("x");
    const session =
      sessions.get(key) ?? (await createSession(buildNewtonSchulz(rows, columns), { threads: 1 }));
    sessions.set(key, session);
    // In place: the graph reads the update once, before it writes the result.
    const update = { data: viewFloats(memory, gradients + 4 * offset, count), shape: spec.shape };
    const inverseNorm = new Float32Array(1);
    const bound = session.bind(
      { update, inverse_norm: { data: inverseNorm, shape: [1, 1] } },
      { orthogonal: update },
    );
    matrices.push({ spec, offset, padded: Math.ceil(count / 16) * 16, inverseNorm, bound });
  }
  return {
    async run({ learningRates }, clipFactor) {
      const rate = learningRates.matrix ?? learningRates.base;
      for (const { spec, offset, padded, inverseNorm, bound } of matrices) {
        const gradient = gradients + 4 * offset;
        const state = layout.firstMoments + 4 * offset;
        const gain = (1 - momentum) * clipFactor;
        inverseNorm[0] = 1 / (Math.sqrt(kernels.nesterov(gradient, state, padded, momentum, gain)) + tiny);
        await bound.run();
        const decay = spec.decay ? 1 - rate * optimizer.weightDecay : 1;
        kernels.applyUpdate(
          layout.parameters + 4 * offset,
          gradient,
          padded,
          rate * muonScale(spec.shape),
          decay,
        );
        kernels.zero(gradient, padded);
      }
    },
    async close() {
      for (const session of sessions.values()) await session.close();
    },
  };
}

/** Each worker's matrices: the costliest first, always to the worker with least to do (Graham 1969). */
export function shareMatrices(placements: readonly Placement[], numWorkers: number): Placement[][] {
  const shares = Array.from({ length: numWorkers }, () => ({ load: 0, matrices: [] as Placement[] }));
  const byCost = placements
    .filter(({ muon }) => muon)
    .toSorted((a, b) => newtonSchulzFlops(b.spec.shape) - newtonSchulzFlops(a.spec.shape));
  for (const placement of byCost) {
    const least = shares.reduce((a, b) => (b.load < a.load ? b : a));
    least.matrices.push(placement);
    least.load += newtonSchulzFlops(placement.spec.shape);
  }
  return shares.map(({ matrices }) => matrices);
}
