/** How far two implementations' log-probabilities of observed tokens may lie apart, in nats. */
export interface ParityBound {
  mean: number;
  max: number;
}

/**
 * By weight type of the served file; the trainer always computes in float32 from float32 weights.
 * F32 differs by summation order and by the server's float16 attention cache alone. The others add the
 * rounding of the weights (and, for Q8_0, llama.cpp's rounding of activations to 8 bits): what was
 * measured, and the margin taken, stand in docs/decisions/0009-report-card-and-parity.md.
 */
export const PARITY_BOUNDS: Readonly<Record<"F32" | "F16" | "BF16" | "Q8_0", ParityBound>> = {
  F32: { mean: 3e-4, max: 5e-3 },
  F16: { mean: 2e-3, max: 5e-2 },
  BF16: { mean: 1e-2, max: 0.25 },
  Q8_0: { mean: 2e-2, max: 0.5 },
};
