// Writes GGUF version 3 for llama.cpp (ggml-org/ggml, docs/gguf.md): header and tensor table first, then each
// tensor at a multiple of 32 bytes, one in memory at a time. Norms stay F32, as llama.cpp requires of them.
import { HomegrownError } from "@homegrown/contracts";
import type { DecoderConfig } from "@homegrown/contracts";
import type { ParameterSpec } from "@homegrown/engine";
import { parameterSpecs } from "../decoder/parameters.ts";
import type { ExportedModel, WeightType } from "../weights/model-weights.ts";
import { NUMBER_FORMATS } from "../weights/number-formats.ts";
import { writeStreamed } from "../weights/streamed-output.ts";
import { takeParameter, writeTensor } from "../weights/tensor-stream.ts";
import { DEFAULT_ALIGNMENT, MAGIC, WRITTEN_TYPES } from "./header.ts";
import { encodeEntry, encodeString, toMetadata, uint32, uint64 } from "./metadata.ts";
import { interleaveRotaryRows, toGgufName } from "./tensor-names.ts";

const VERSION = 3;

export interface GgufModel extends ExportedModel {
  /** How matrices are stored. */
  weightType: WeightType;
  /** `general.name`. */
  name: string;
  /** SPDX expression, `general.license`. */
  license?: string;
}

interface PlannedTensor {
  readonly spec: ParameterSpec;
  readonly name: string;
  readonly type: WeightType;
  /** From the start of the data section, bytes. */
  readonly offset: number;
}

/**
 * Writes `file`, which must not exist, and makes it durable; on failure nothing is left. The caller
 * publishes its folder. Throws `models/row-not-quantisable`, `models/unsupported-tokenizer`,
 * `models/malformed-file` (tokenizer), `models/missing-parameter`, `models/wrong-parameter-size`,
 * `models/weight-out-of-range`, `models/write-failed`.
 */
export async function writeGguf(file: string, model: GgufModel): Promise<void> {
  const specs = parameterSpecs(model.config);
  const tensors = planTensors(specs, model.weightType);
  const numParameters = specs.reduce((sum, spec) => sum + sizeOf(spec), 0);
  const entries = toMetadata(model, numParameters).map(encodeEntry);
  await writeStreamed(file, async (output) => {
    await output.write(
      Buffer.concat([
        Buffer.from(MAGIC),
        uint32(VERSION),
        uint64(tensors.length),
        uint64(entries.length),
        ...entries,
        ...tensors.map(encodeTensorInfo),
      ]),
    );
    for (const { spec, type } of tensors) {
      await output.align(DEFAULT_ALIGNMENT);
      const values = await takeParameter(model.parameters, spec.name, spec.shape);
      await writeTensor(output, spec.name, toGgufRows(values, spec, model.config), type);
    }
    await output.align(DEFAULT_ALIGNMENT);
  });
}

function planTensors(specs: readonly ParameterSpec[], weightType: WeightType): PlannedTensor[] {
  let end = 0;
  return specs.map((spec) => {
    const type = spec.shape.length === 1 ? "F32" : weightType;
    const { block, bytes } = NUMBER_FORMATS[type];
    const row = spec.shape.at(-1)!;
    if (row % block !== 0) {
      throw new HomegrownError({
        code: "models/row-not-quantisable",
        kind: "invalid-input",
        message: `parameter '${spec.name}' has rows of ${row} numbers; ${type} stores blocks of ${block}`,
        hint: "Export as F16, BF16 or F32, or train a size whose widths are multiples of 32.",
      });
    }
    const name = toGgufName(spec.name);
    if (name === undefined) throw new Error(`no GGUF name for the decoder's own parameter ${spec.name}`);
    const offset = Math.ceil(end / DEFAULT_ALIGNMENT) * DEFAULT_ALIGNMENT;
    end = offset + (sizeOf(spec) / block) * bytes;
    return { spec, name, type, offset };
  });
}

function encodeTensorInfo({ spec, name, type, offset }: PlannedTensor): Buffer {
  return Buffer.concat([
    encodeString(name),
    uint32(spec.shape.length),
    ...spec.shape.toReversed().map(uint64),
    uint32(WRITTEN_TYPES[type].tensorType),
    uint64(offset),
  ]);
}

function toGgufRows(values: Float32Array, spec: ParameterSpec, config: DecoderConfig): Float32Array {
  const isRotary = /\.self_attn\.[qk]_proj\.weight$/.test(spec.name);
  if (config.architecture !== "llama" || !isRotary) return values;
  return interleaveRotaryRows(values, config.headDim, spec.shape[1]!);
}

function sizeOf({ shape }: ParameterSpec): number {
  return shape.reduce((a, b) => a * b, 1);
}
