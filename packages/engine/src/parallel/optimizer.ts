// What moves the parameters. AdamW (Loshchilov & Hutter 2019) everywhere, or Muon (Jordan et al. 2024,
// https://kellerjordan.github.io/posts/muon/) for the matrices inside the layers and AdamW for the rest.
// Weight decay is decoupled and uses the unscaled learning rate, so a width-dependent scale of the rate
// leaves the decay as it is.
import type { ParameterSpec } from "../program.ts";

export interface OptimizerOptions {
  readonly kind: "adamw" | "muon";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Muon's momentum; default 0.95. */
  readonly momentum?: number;
}

export interface LearningRates {
  /** AdamW's; each parameter multiplies it by its `learningRateScale`. */
  readonly base: number;
  /** Muon's; only read when the optimizer is `muon`. */
  readonly matrix?: number;
}

/** Scalars of one AdamW call, bias corrections and clipping folded in as kernels.ts expects them. */
export interface AdamScalars {
  readonly beta1: number;
  readonly firstGain: number;
  readonly beta2: number;
  readonly secondGain: number;
  readonly step: number;
  readonly epsilon: number;
  readonly decay: number;
}

/** Whether Muon moves this parameter. */
export function movedByMuon(spec: ParameterSpec, kind: OptimizerOptions["kind"]): boolean {
  return kind === "muon" && spec.role === "matrix" && spec.shape.length === 2;
}

/**
 * m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ), p ← p − rate·m̂/(√v̂ + ε) written as one division:
 * step = rate·√(1−β₂ᵗ)/(1−β₁ᵗ), epsilon = ε·√(1−β₂ᵗ). `stepNumber` t counts from 1.
 */
export function adamScalars(
  options: OptimizerOptions,
  spec: Pick<ParameterSpec, "decay" | "learningRateScale">,
  learningRate: number,
  stepNumber: number,
  clipFactor: number,
): AdamScalars {
  const { beta1, beta2, epsilon, weightDecay } = options;
  const secondCorrection = Math.sqrt(1 - beta2 ** stepNumber);
  return {
    beta1,
    firstGain: (1 - beta1) * clipFactor,
    beta2,
    secondGain: (1 - beta2) * clipFactor ** 2,
    step: (learningRate * spec.learningRateScale * secondCorrection) / (1 - beta1 ** stepNumber),
    epsilon: epsilon * secondCorrection,
    decay: spec.decay ? 1 - learningRate * weightDecay : 1,
  };
}

/**
 * Length of Muon's step for a [rows, columns] matrix whose update has singular values near one:
 * √max(1, rows/columns), which bounds the change of the outputs alike at every width (Bernstein & Newhouse
 * 2024, "Modular duality"), so one rate serves every width. Moonlight's 0.2·√max(rows, columns)
 * (Liu et al. 2025, arXiv 2502.16982) would match AdamW's update size instead, which does not transfer.
 */
export function muonScale(shape: readonly number[]): number {
  const [rows = 1, columns = 1] = shape;
  return Math.sqrt(Math.max(1, rows / columns));
}

/** Factor that brings a gradient of this norm down to `clipNorm` (Pascanu et al. 2013). */
export function clippingFactor(gradientNorm: number, clipNorm: number): number {
  return Math.min(1, clipNorm / (gradientNorm + 1e-6));
}
