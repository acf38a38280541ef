import { HomegrownError } from "@homegrown/contracts";

/** How far two implementations' log-probabilities of observed tokens may lie apart, in nats. */
export interface ParityBound {
  mean: number;
  max: number;
}

/**
 * By weight type of the served file; the trainer always computes in float32 from float32 weights. The
 * float32 bound leaves room for a float16 attention cache. The others add the rounding of the weights and,
 * for Q8_0, llama.cpp's rounding of activations to 8 bits. What was measured, which faults each bound
 * finds, and the margins taken stand in docs/decisions/0009-report-card-and-parity.md.
 */
export const PARITY_BOUNDS: Readonly<Record<"F32" | "F16" | "BF16" | "Q8_0", ParityBound>> = {
  F32: { mean: 3e-4, max: 5e-3 },
  F16: { mean: 2e-3, max: 3e-2 },
  BF16: { mean: 1.5e-2, max: 0.2 },
  Q8_0: { mean: 4e-2, max: 0.5 },
};

/** Nothing is rounded when weights and cache are float32: only the order of additions differs. */
const EXACT: ParityBound = { mean: 5e-5, max: 1e-3 };

/** The bound for a weight type and a cache type. @throws HomegrownError `evaluation/no-parity-bound` */
export function parityBound(weightType: string, cacheType: string): ParityBound {
  if (weightType === "F32" && cacheType === "F32") return EXACT;
  const bound = Object.hasOwn(PARITY_BOUNDS, weightType)
    ? PARITY_BOUNDS[weightType as keyof typeof PARITY_BOUNDS]
    : undefined;
  if (bound) return bound;
  throw new HomegrownError({
    code: "evaluation/no-parity-bound",
    kind: "invalid-input",
    message: `no parity bound is known for weights of type '${weightType}', only for ${Object.keys(PARITY_BOUNDS).join(", ")}`,
    hint: "Serve one of these types, or measure a bound and pass it.",
  });
}
