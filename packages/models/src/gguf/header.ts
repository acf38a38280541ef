// GGUF (ggml-org/ggml, docs/gguf.md): "GGUF", version, counts, metadata, tensor table, padding, tensor data.
// This file names what a header holds; all integers of the format are little-endian.

/** A metadata value. 64-bit integers are numbers while exact, bigints beyond 2^53. Arrays do not nest. */
export type GgufScalar = number | bigint | boolean | string;
export type GgufValue = GgufScalar | readonly GgufScalar[];

export interface GgufTensorInfo {
  name: string;
  /** GGML's type name, for example `Q8_0`. */
  type: string;
  /** GGML's order: the contiguous dimension first, so the reverse of Hugging Face's. */
  dimensions: readonly number[];
  numElements: number;
  numBytes: number;
  /** From the start of the file, bytes. */
  fileOffset: number;
}

export interface GgufHeader {
  version: 2 | 3;
  fileSize: number;
  alignment: number;
  metadata: ReadonlyMap<string, GgufValue>;
  tensors: readonly GgufTensorInfo[];
}

export const MAGIC = "GGUF";
export const DEFAULT_ALIGNMENT = 32;

/** `gguf_metadata_value_type`. */
export const VALUE_TYPES = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  float32: 6,
  bool: 7,
  string: 8,
  array: 9,
  uint64: 10,
  int64: 11,
  float64: 12,
} as const;

/** `ggml_type` → [name, numbers in a block, bytes of a block]. */
export const TENSOR_TYPES: ReadonlyMap<number, readonly [name: string, block: number, bytes: number]> =
  new Map([
    [0, ["F32", 1, 4]],
    [1, ["F16", 1, 2]],
    [2, ["Q4_0", 32, 18]],
    [3, ["Q4_1", 32, 20]],
    [6, ["Q5_0", 32, 22]],
    [7, ["Q5_1", 32, 24]],
    [8, ["Q8_0", 32, 34]],
    [9, ["Q8_1", 32, 36]],
    [10, ["Q2_K", 256, 84]],
    [11, ["Q3_K", 256, 110]],
    [12, ["Q4_K", 256, 144]],
    [13, ["Q5_K", 256, 176]],
    [14, ["Q6_K", 256, 210]],
    [15, ["Q8_K", 256, 292]],
    [16, ["IQ2_XXS", 256, 66]],
    [17, ["IQ2_XS", 256, 74]],
    [18, ["IQ3_XXS", 256, 98]],
    [19, ["IQ1_S", 256, 50]],
    [20, ["IQ4_NL", 32, 18]],
    [21, ["IQ3_S", 256, 110]],
    [22, ["IQ2_S", 256, 82]],
    [23, ["IQ4_XS", 256, 136]],
    [24, ["I8", 1, 1]],
    [25, ["I16", 1, 2]],
    [26, ["I32", 1, 4]],
    [27, ["I64", 1, 8]],
    [28, ["F64", 1, 8]],
    [29, ["IQ1_M", 256, 56]],
    [30, ["BF16", 1, 2]],
    [34, ["TQ1_0", 256, 54]],
    [35, ["TQ2_0", 256, 66]],
    [39, ["MXFP4", 32, 17]],
  ]);

/** The types that we write: `ggml_type`, and `llama_ftype` for `general.file_type`. */
export const WRITTEN_TYPES = {
  F32: { tensorType: 0, fileType: 0 },
  F16: { tensorType: 1, fileType: 1 },
  Q8_0: { tensorType: 8, fileType: 7 },
  BF16: { tensorType: 30, fileType: 32 },
} as const;
