// Initial weights. Each parameter has a generator of its own, keyed by (seed, name), so a value depends
// neither on the order of initialisation nor on which other parameters exist: adding a layer leaves the
// others as they were. Normals by Box and Muller (1958) from two uniforms.
import { createHash } from "node:crypto";
import type { DecoderConfig } from "@homegrown/contracts";
import type { ParameterSpec } from "@homegrown/engine";
import { parameterSpecs } from "../decoder/parameters.ts";
import { threefry2x32 } from "../random/threefry.ts";

/** All parameters of a new model, by name, F32. Equal seeds give equal bytes. */
export function initializeParameters(config: DecoderConfig, seed: number): Map<string, Float32Array> {
  return new Map(parameterSpecs(config).map((spec) => [spec.name, initializeParameter(spec, seed)]));
}

/** One parameter of `initializeParameters`, alone. */
export function initializeParameter(spec: ParameterSpec, seed: number): Float32Array {
  const values = new Float32Array(spec.shape.reduce((a, b) => a * b, 1));
  const { init } = spec;
  if (init.kind === "ones") values.fill(1);
  if (init.kind === "normal") fillNormal(values, init.std, keyOf(spec.name, seed));
  return values;
}

function fillNormal(values: Float32Array, std: number, [k0, k1]: readonly [number, number]): void {
  const words = new Uint32Array(2);
  for (let i = 0; i < values.length; i += 2) {
    const pair = i / 2;
    threefry2x32(k0, k1, pair, Math.floor(pair / 2 ** 32), words);
    // (0, 1]: the logarithm of zero never occurs.
    const radius = std * Math.sqrt(-2 * Math.log((words[0]! + 1) / 2 ** 32));
    const angle = 2 * Math.PI * (words[1]! / 2 ** 32);
    values[i] = radius * Math.cos(angle);
    if (i + 1 < values.length) values[i + 1] = radius * Math.sin(angle);
  }
}

function keyOf(name: string, seed: number): readonly [number, number] {
  const digest = createHash("sha256").update(`${seed}\n${name}`).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
}
