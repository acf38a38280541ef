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
