// The safetensors format (github.com/huggingface/safetensors, "Format"): 8 bytes little-endian header length
// N, N bytes JSON `{name: {dtype, shape, data_offsets: [begin, end]}, __metadata__?: {text: text}}`, then the
// tensors' bytes, row-major. The data have neither hole nor overlap and fill the file to its end.
import { z } from "zod";
import type { BoundedFile } from "../weights/bounded-file.ts";
import { decodeUtf8, openBounded, parseJsonObject } from "../weights/bounded-file.ts";
import { malformed, shown } from "../weights/malformed.ts";
import type { ParameterSource, WeightType } from "../weights/model-weights.ts";
import { NUMBER_FORMATS } from "../weights/number-formats.ts";
import { writeStreamed } from "../weights/streamed-output.ts";
import { readTensor, takeParameter, writeTensor } from "../weights/tensor-stream.ts";

/** The reference implementation allows 100 MB; a decoder of 512 layers needs under 1 MB. */
const MAX_HEADER_BYTES = 8 << 20;
const LENGTH_BYTES = 8;
/** The header is padded with spaces so that data start aligned for any dtype. */
const HEADER_ALIGNMENT = 8;

export type SafetensorsType = Exclude<WeightType, "Q8_0">;

export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface StoredTensor {
  readonly type: SafetensorsType;
  readonly shape: readonly number[];
  readonly numElements: number;
  /** From the start of the file, bytes. */
  readonly offset: number;
}

/** Writes the named parameters in order, one in memory at a time, and makes the file durable. */
export async function writeSafetensors(
  path: string,
  tensors: readonly NamedShape[],
  source: ParameterSource,
  type: SafetensorsType,
): Promise<void> {
  let end = 0;
  const entries = tensors.map(({ name, shape }) => {
    const begin = end;
    end += shape.reduce((a, b) => a * b, 1) * NUMBER_FORMATS[type].bytes;
    return [name, { dtype: type, shape, data_offsets: [begin, end] }] as const;
  });
  const header = { __metadata__: { format: "pt" }, ...Object.fromEntries(entries) };
  const json = Buffer.from(JSON.stringify(header));
  const padding = (HEADER_ALIGNMENT - (json.length % HEADER_ALIGNMENT)) % HEADER_ALIGNMENT;
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(json.length + padding));
  await writeStreamed(path, async (output) => {
    await output.write(length);
    await output.write(json);
    await output.write(Buffer.alloc(padding, " "));
    for (const { name, shape } of tensors) {
      await writeTensor(output, name, await takeParameter(source, name, shape), type);
    }
  });
}

/** An open file: a parameter source that reads a tensor when asked. */
export class SafetensorsFile implements ParameterSource {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly #file: BoundedFile;

  constructor(file: BoundedFile, tensors: ReadonlyMap<string, StoredTensor>) {
    this.#file = file;
    this.tensors = tensors;
  }

  async get(name: string): Promise<Float32Array | undefined> {
    const tensor = this.tensors.get(name);
    return tensor && readTensor(this.#file, name, tensor);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Opens an untrusted file. Throws `models/malformed-file` naming the file and the field. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await openBounded(path);
  try {
    return new SafetensorsFile(file, await readHeader(file));
  } catch (error) {
    await file.close();
    throw error;
  }
}

const tensorSchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)).max(8),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});

async function readHeader(file: BoundedFile): Promise<Map<string, StoredTensor>> {
  const length = Number((await file.read(0, LENGTH_BYTES)).readBigUInt64LE());
  if (length > MAX_HEADER_BYTES || LENGTH_BYTES + length > file.size) {
    throw malformed(
      file.path,
      "header length",
      `${length} bytes; the file has ${file.size}, and a header at most ${MAX_HEADER_BYTES}`,
    );
  }
  const text = decodeUtf8(await file.read(LENGTH_BYTES, length), file.path, "header");
  const header = parseJsonObject(text, file.path, "header");
  const dataStart = LENGTH_BYTES + length;
  const stored = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => ({ name, ...toStored(file.path, name, value, dataStart) }))
    .sort((a, b) => a.offset - b.offset || a.end - b.end);
  let position = dataStart;
  for (const { name, offset, end } of stored) {
    if (offset !== position) {
      const problem = offset < position ? "overlaps the tensor before it" : "leaves a hole before it";
      throw malformed(file.path, `${name}.data_offsets`, problem);
    }
    position = end;
  }
  if (position !== file.size) {
    throw malformed(file.path, "data", `the header describes ${position} bytes, the file has ${file.size}`);
  }
  return new Map(
    stored.map(({ name, type, shape, numElements, offset }) => [name, { type, shape, numElements, offset }]),
  );
}

function toStored(
  path: string,
  name: string,
  value: unknown,
  dataStart: number,
): StoredTensor & { end: number } {
  const parsed = tensorSchema.safeParse(value);
  const label = shown(name);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw malformed(path, [label, ...issue.path].join("."), issue.message);
  }
  const {
    dtype,
    shape,
    data_offsets: [begin, end],
  } = parsed.data;
  if (dtype !== "F32" && dtype !== "F16" && dtype !== "BF16") {
    throw malformed(path, `${label}.dtype`, `${shown(dtype)}; F32, F16 and BF16 are read`);
  }
  const numElements = shape.reduce((a, b) => a * b, 1);
  // A product past 2^53 is inexact, but then also past any length that offsets can give.
  if (end - begin !== numElements * NUMBER_FORMATS[dtype].bytes) {
    throw malformed(path, `${label}.data_offsets`, `${end - begin} bytes for ${dtype} [${shape.join(", ")}]`);
  }
  return { type: dtype, shape, numElements, offset: dataStart + begin, end: dataStart + end };
}
