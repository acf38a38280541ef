import type { DecoderConfig } from "@homegrown/contracts";
import { parameterSpecs } from "../decoder/parameters.ts";

const BYTES_F32 = 4;

/** Number of trained scalars; tied embeddings count once. */
export function countParameters(config: DecoderConfig): number {
  return parameterSpecs(config).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** Bytes that training keeps in shared memory: weights, two moments, one gradient buffer for each worker. */
export function trainingMemoryBytes(config: DecoderConfig, numWorkers: number): number {
  return countParameters(config) * BYTES_F32 * (3 + numWorkers);
}
