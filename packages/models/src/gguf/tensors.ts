import { openBounded } from "../weights/bounded-file.ts";
import { unsupported } from "../weights/malformed.ts";
import type { WeightType } from "../weights/model-weights.ts";
import { NUMBER_FORMATS } from "../weights/number-formats.ts";
import { readTensor } from "../weights/tensor-stream.ts";
import type { GgufTensorInfo } from "./header.ts";

/**
 * One tensor as F32, in GGML's row order. Throws `models/unsupported-model` for types other than F32, F16,
 * BF16 and Q8_0, and `models/malformed-file` when a number is not finite.
 */
export async function readGgufTensor(file: string, tensor: GgufTensorInfo): Promise<Float32Array> {
  const { name, type, fileOffset, numElements } = tensor;
  if (!Object.hasOwn(NUMBER_FORMATS, type)) {
    throw unsupported(
      file,
      `tensor ${name}`,
      `type ${type}; ${Object.keys(NUMBER_FORMATS).join(", ")} are read`,
    );
  }
  const input = await openBounded(file);
  try {
    return await readTensor(input, name, { type: type as WeightType, offset: fileOffset, numElements });
  } finally {
    await input.close();
  }
}
