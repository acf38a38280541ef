// How weights are stored: IEEE 754 binary32 and binary16, bfloat16 (the upper half of a binary32), and
// GGML's Q8_0 (block of 32: one binary16 scale d, then 32 int8 q; value = d·q).
// Rounding is to nearest, ties to even, except Q8_0's quotient, where GGML's `roundf` rounds ties away
// from zero; so the bytes equal those of llama.cpp's own quantiser. Bytes are little-endian, as on every
// machine that Node's prebuilt binaries of llama.cpp and ONNX Runtime run on.
import type { WeightType } from "./model-weights.ts";

export const Q8_0_BLOCK = 32;

interface NumberFormat {
  /** Numbers in a block. */
  readonly block: number;
  /** Bytes of a block. */
  readonly bytes: number;
  /** `values.length` is a multiple of `block`. The result does not share memory that may change. */
  encode(values: Float32Array): Uint8Array;
  decode(bytes: Uint8Array, out: Float32Array): void;
}

export const NUMBER_FORMATS: Readonly<Record<WeightType, NumberFormat>> = {
  F32: {
    block: 1,
    bytes: 4,
    encode: (values) => new Uint8Array(Float32Array.from(values).buffer),
    decode: (bytes, out) => new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes),
  },
  F16: {
    block: 1,
    bytes: 2,
    encode: (values) => new Uint8Array(Float16Array.from(values).buffer),
    decode: (bytes, out) => out.set(new Float16Array(aligned(bytes))),
  },
  BF16: { block: 1, bytes: 2, encode: encodeBf16, decode: decodeBf16 },
  Q8_0: { block: Q8_0_BLOCK, bytes: 2 + Q8_0_BLOCK, encode: encodeQ8, decode: decodeQ8 },
};

/** The largest magnitude that a format holds as a finite number. */
export const LARGEST_FINITE: Readonly<Record<WeightType, number>> = {
  F32: 3.4028234663852886e38,
  F16: 65_504,
  BF16: 3.3895313892515355e38,
  Q8_0: 65_504 * 127,
};

function encodeBf16(values: Float32Array): Uint8Array {
  const bits = new Uint32Array(Float32Array.from(values).buffer);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i += 1) {
    const word = bits[i]!;
    halves[i] = (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return new Uint8Array(halves.buffer);
}

function decodeBf16(bytes: Uint8Array, out: Float32Array): void {
  const halves = new Uint16Array(aligned(bytes));
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < halves.length; i += 1) bits[i] = halves[i]! << 16;
}

function encodeQ8(values: Float32Array): Uint8Array {
  const numBlocks = values.length / Q8_0_BLOCK;
  const result = new Uint8Array(numBlocks * NUMBER_FORMATS.Q8_0.bytes);
  const quotients = new Int8Array(result.buffer);
  const half = new Float16Array(1);
  const halfBytes = new Uint8Array(half.buffer);
  for (let block = 0; block < numBlocks; block += 1) {
    const from = block * Q8_0_BLOCK;
    const to = block * NUMBER_FORMATS.Q8_0.bytes;
    let largest = 0;
    for (let i = 0; i < Q8_0_BLOCK; i += 1) largest = Math.max(largest, Math.abs(values[from + i]!));
    const scale = Math.fround(largest / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    half[0] = scale;
    result.set(halfBytes, to);
    for (let i = 0; i < Q8_0_BLOCK; i += 1) {
      const quotient = Math.fround(values[from + i]! * inverse);
      quotients[to + 2 + i] = Math.sign(quotient) * Math.floor(Math.abs(quotient) + 0.5);
    }
  }
  return result;
}

function decodeQ8(bytes: Uint8Array, out: Float32Array): void {
  const quotients = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const half = new Float16Array(1);
  const halfBytes = new Uint8Array(half.buffer);
  for (let from = 0, to = 0; to < out.length; from += NUMBER_FORMATS.Q8_0.bytes, to += Q8_0_BLOCK) {
    halfBytes.set(bytes.subarray(from, from + 2));
    const scale = half[0]!;
    for (let i = 0; i < Q8_0_BLOCK; i += 1) out[to + i] = scale * quotients[from + 2 + i]!;
  }
}

/** A copy whose start any element size may be read from. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
