import type { DecoderConfig } from "@homegrown/contracts";
import { parameterSpecs } from "../decoder/parameters.ts";

const BYTES_F32 = 4;

/** Number of trained scalars; tied embeddings count once. */
export function countParameters(config: DecoderConfig): number {
  return parameterSpecs(config).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/**
 * Bytes that training keeps in shared memory: weights, the optimizer's state, one gradient buffer for each
 * worker. AdamW has two moments of everything; Muon one of the matrices (and AdamW's two of the rest).
 */
export function trainingMemoryBytes(
  config: DecoderConfig,
  numWorkers: number,
  optimizer: "adamw" | "muon" = "adamw",
): number {
  const elements = parameterSpecs(config).reduce((sum, { shape, role }) => {
    const numMoments = optimizer === "muon" && role === "matrix" ? 1 : 2;
    return sum + (1 + numMoments + numWorkers) * shape.reduce((a, b) => a * b, 1);
  }, 0);
  return elements * BYTES_F32;
}
