import { HomegrownError } from "@homegrown/contracts";
import type { BoundedFile } from "./bounded-file.ts";
import { malformed } from "./malformed.ts";
import type { ParameterSource, WeightType } from "./model-weights.ts";
import { LARGEST_FINITE, NUMBER_FORMATS } from "./number-formats.ts";
import type { StreamedOutput } from "./streamed-output.ts";

/** Numbers encoded at once; a multiple of every block. */
const CHUNK_ELEMENTS = 1 << 20;

/** One parameter from a source. Throws `models/missing-parameter` or `models/wrong-parameter-size`. */
export async function takeParameter(
  source: ParameterSource,
  name: string,
  shape: readonly number[],
): Promise<Float32Array> {
  const values = await source.get(name);
  const expected = shape.reduce((a, b) => a * b, 1);
  if (values === undefined) {
    throw new HomegrownError({
      code: "models/missing-parameter",
      kind: "invalid-input",
      message: `the model has no parameter '${name}' of shape [${shape.join(", ")}]`,
      hint: "Give every parameter that parameterSpecs(config) lists.",
    });
  }
  if (values.length !== expected) {
    throw new HomegrownError({
      code: "models/wrong-parameter-size",
      kind: "invalid-input",
      message: `parameter '${name}' has ${values.length} numbers; shape [${shape.join(", ")}] needs ${expected}`,
      hint: "Give the configuration that the parameters were trained with.",
    });
  }
  return values;
}

/** Encodes and writes piece by piece. Throws `models/weight-out-of-range` for what the type cannot hold. */
export async function writeTensor(
  output: StreamedOutput,
  name: string,
  values: Float32Array,
  type: WeightType,
): Promise<void> {
  const format = NUMBER_FORMATS[type];
  for (let from = 0; from < values.length; from += CHUNK_ELEMENTS) {
    const piece = values.subarray(from, from + CHUNK_ELEMENTS);
    const bad = piece.findIndex((value) => !(Math.abs(value) <= LARGEST_FINITE[type]));
    if (bad >= 0) {
      throw new HomegrownError({
        code: "models/weight-out-of-range",
        kind: "corrupt",
        message: `parameter '${name}' holds ${piece[bad]} at index ${from + bad}, which ${type} cannot store`,
        hint: "Not finite: the training diverged, go back to an earlier checkpoint. Too large: store as F32.",
      });
    }
    await output.write(format.encode(piece));
  }
}

/** Reads and decodes piece by piece. Throws `models/malformed-file` when a number is not finite. */
export async function readTensor(
  file: BoundedFile,
  name: string,
  { type, offset, numElements }: { type: WeightType; offset: number; numElements: number },
): Promise<Float32Array> {
  const format = NUMBER_FORMATS[type];
  const values = new Float32Array(numElements);
  let done = 0;
  for await (const piece of file.chunks(offset, (numElements / format.block) * format.bytes, format.bytes)) {
    const count = (piece.byteLength / format.bytes) * format.block;
    const target = values.subarray(done, done + count);
    format.decode(piece, target);
    const bad = target.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw malformed(file.path, `tensor ${name}`, `${target[bad]} at index ${done + bad}`);
    done += count;
  }
  return values;
}
