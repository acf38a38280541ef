import { threefry2x32 } from "../random/threefry.ts";

/** `step` picks the random number, so a continued generation draws what an unbroken one would have drawn. */
export interface SamplingOptions {
  temperature: number;
  seed: number;
  step: number;
}

/**
 * One id from softmax(logits / temperature); at temperature 0 the largest logit, the lowest id among equals.
 */
export function sampleId(logits: Float32Array, { temperature, seed, step }: SamplingOptions): number {
  let best = 0;
  for (let id = 1; id < logits.length; id += 1) if (logits[id]! > logits[best]!) best = id;
  if (temperature <= 0) return best;
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - logits[best]!) / temperature));
  const words = new Uint32Array(2);
  threefry2x32(seed, 0, step, 0, words);
  let rest = (words[0]! / 2 ** 32) * weights.reduce((a, b) => a + b, 0);
  for (let id = 0; id < weights.length; id += 1) {
    rest -= weights[id]!;
    if (rest < 0) return id;
  }
  return best;
}
