import { malformed, shown } from "../weights/malformed.ts";
import { VALUE_TYPES } from "./header.ts";
import type { GgufScalar, GgufValue } from "./header.ts";

/** The bytes read so far do not suffice, though the file has more: read a longer prefix and parse again. */
export class PrefixTooShort extends Error {
  readonly needed: number;

  constructor(needed: number) {
    super(`needs the first ${needed} bytes`);
    this.needed = needed;
  }
}

export interface CursorLimits {
  /** Length of the whole file, bytes: nothing may claim to reach past it. */
  fileSize: number;
  /** Longest header that is read, bytes. */
  headerBytes: number;
  /** Array elements over all metadata: bounds what parsing allocates. */
  arrayElements: number;
}

/** Longest string value, bytes: chat templates are tens of kilobytes. */
const MAX_STRING_BYTES = 4 << 20;
const FIXED_BYTES: Readonly<Record<number, number>> = {
  [VALUE_TYPES.uint8]: 1,
  [VALUE_TYPES.int8]: 1,
  [VALUE_TYPES.bool]: 1,
  [VALUE_TYPES.uint16]: 2,
  [VALUE_TYPES.int16]: 2,
  [VALUE_TYPES.uint32]: 4,
  [VALUE_TYPES.int32]: 4,
  [VALUE_TYPES.float32]: 4,
  [VALUE_TYPES.uint64]: 8,
  [VALUE_TYPES.int64]: 8,
  [VALUE_TYPES.float64]: 8,
  /** A string's own length. */
  [VALUE_TYPES.string]: 8,
};

/** Reads a header's values front to back from a prefix of the file, every length checked before it is used. */
export class HeaderCursor {
  position = 0;
  readonly #bytes: Buffer;
  readonly #path: string;
  readonly #limits: CursorLimits;
  #elements = 0;

  constructor(bytes: Buffer, path: string, limits: CursorLimits) {
    this.#bytes = bytes;
    this.#path = path;
    this.#limits = limits;
  }

  fail(field: string, problem: string): Error {
    return malformed(this.#path, field, problem);
  }

  /** Bytes of the file that come after this position: an upper bound for whatever a count may claim. */
  get remaining(): number {
    return this.#limits.fileSize - this.position;
  }

  take(length: number, field: string): Buffer {
    const end = this.position + length;
    if (end > this.#limits.fileSize) {
      throw this.fail(field, `reaches byte ${end}, the file has ${this.#limits.fileSize}`);
    }
    if (end > this.#limits.headerBytes) {
      throw this.fail(field, `the header is longer than ${this.#limits.headerBytes} bytes`);
    }
    if (end > this.#bytes.length) throw new PrefixTooShort(end);
    const piece = this.#bytes.subarray(this.position, end);
    this.position = end;
    return piece;
  }

  uint32(field: string): number {
    return this.take(4, field).readUInt32LE();
  }

  /** An unsigned 64-bit number that must be at most `max`. */
  count(field: string, max: number): number {
    const value = this.take(8, field).readBigUInt64LE();
    if (value > BigInt(max)) throw this.fail(field, `${value}, at most ${max} is possible here`);
    return Number(value);
  }

  /** UTF-8; broken sequences become U+FFFD, since vocabularies may hold tokens that are no whole character. */
  string(field: string, maxBytes: number = MAX_STRING_BYTES): string {
    const length = this.count(`${field} length`, Math.min(maxBytes, Math.max(0, this.remaining - 8)));
    return this.take(length, field).toString("utf8");
  }

  value(field: string): GgufValue {
    const type = this.uint32(`${field} type`);
    return type === VALUE_TYPES.array ? this.#array(field) : this.#scalar(type, field);
  }

  #array(field: string): GgufScalar[] {
    const type = this.uint32(`${field} element type`);
    const bytes = FIXED_BYTES[type];
    if (bytes === undefined) {
      const nested = type === VALUE_TYPES.array ? "; arrays of arrays are not read, as in llama.cpp" : "";
      throw this.fail(`${field} element type`, `${type}${nested}`);
    }
    const length = this.count(`${field} length`, Math.floor(Math.max(0, this.remaining - 8) / bytes));
    this.#elements += length;
    if (this.#elements > this.#limits.arrayElements) {
      throw this.fail(
        `${field} length`,
        `${length}; over ${this.#limits.arrayElements} array elements in all`,
      );
    }
    const values: GgufScalar[] = [];
    for (let i = 0; i < length; i += 1) values.push(this.#scalar(type, field));
    return values;
  }

  #scalar(type: number, field: string): GgufScalar {
    if (type === VALUE_TYPES.string) return this.string(field);
    const length = FIXED_BYTES[type];
    if (length === undefined) throw this.fail(`${field} type`, `${type} is no value type of GGUF`);
    const bytes = this.take(length, field);
    switch (type) {
      case VALUE_TYPES.uint8:
        return bytes.readUInt8();
      case VALUE_TYPES.int8:
        return bytes.readInt8();
      case VALUE_TYPES.uint16:
        return bytes.readUInt16LE();
      case VALUE_TYPES.int16:
        return bytes.readInt16LE();
      case VALUE_TYPES.uint32:
        return bytes.readUInt32LE();
      case VALUE_TYPES.int32:
        return bytes.readInt32LE();
      case VALUE_TYPES.float32:
        return bytes.readFloatLE();
      case VALUE_TYPES.float64:
        return bytes.readDoubleLE();
      case VALUE_TYPES.uint64:
        return exactNumber(bytes.readBigUInt64LE());
      case VALUE_TYPES.int64:
        return exactNumber(bytes.readBigInt64LE());
      default: {
        const byte = bytes.readUInt8();
        if (byte > 1) throw this.fail(field, `a boolean of ${shown(byte)}`);
        return byte === 1;
      }
    }
  }
}

function exactNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
