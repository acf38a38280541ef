// Reads the header of an untrusted GGUF file, versions 2 and 3, little-endian (ggml-org/ggml, docs/gguf.md).
// Every count, length and offset is checked against the length of the file before it is used, and what
// parsing may allocate is bounded however long the file is. llama.cpp only ever sees files that passed here.
import { openBounded } from "../weights/bounded-file.ts";
import { malformed, shown } from "../weights/malformed.ts";
import { HeaderCursor, PrefixTooShort } from "./cursor.ts";
import { DEFAULT_ALIGNMENT, MAGIC, TENSOR_TYPES } from "./header.ts";
import type { GgufHeader, GgufTensorInfo, GgufValue } from "./header.ts";

const MAX_HEADER_BYTES = 64 << 20;
/** Gemma's 262,144 tokens, three arrays, and then some. */
const MAX_ARRAY_ELEMENTS = 4 << 20;
const MAX_ENTRIES = 65_536;
const MAX_TENSORS = 65_536;
const MAX_KEY_BYTES = 65_535;
/** `GGML_MAX_NAME` less the terminator. */
const MAX_TENSOR_NAME_BYTES = 63;
const MAX_DIMENSIONS = 4;
const MAX_ALIGNMENT = 1 << 20;
const FIRST_PREFIX_BYTES = 1 << 20;
/** Key length, shortest value; name length, dimension count, one dimension, type, offset. */
const SMALLEST_ENTRY_BYTES = 8 + 4 + 1;
const SMALLEST_TENSOR_BYTES = 8 + 4 + 8 + 4 + 8;

/**
 * Metadata and tensor table. Throws `models/file-not-found` or `models/malformed-file` naming the file and
 * the field; reads at most 64 MiB and allocates a small multiple of what it reads.
 */
export async function readGgufHeader(file: string): Promise<GgufHeader> {
  const input = await openBounded(file);
  try {
    let length = FIRST_PREFIX_BYTES;
    for (;;) {
      const prefix = await input.read(0, Math.min(length, input.size));
      try {
        return parseHeader(prefix, file, input.size);
      } catch (error) {
        if (!(error instanceof PrefixTooShort)) throw error;
        // Geometric, so that parsing again costs a third more at most.
        length = Math.max(error.needed, length * 4);
      }
    }
  } finally {
    await input.close();
  }
}

function parseHeader(prefix: Buffer, path: string, fileSize: number): GgufHeader {
  const limits = { fileSize, headerBytes: MAX_HEADER_BYTES, arrayElements: MAX_ARRAY_ELEMENTS };
  const cursor = new HeaderCursor(prefix, path, limits);
  const magic = cursor.take(4, "magic").toString("latin1");
  if (magic !== MAGIC)
    throw malformed(path, "magic", `${shown(magic)}, expected "${MAGIC}": this is no GGUF file`);
  const version = cursor.uint32("version");
  if (version !== 2 && version !== 3) {
    const bigEndian = version > 0 && (version & 0xffff) === 0 ? " (big-endian?)" : "";
    throw malformed(path, "version", `${version}${bigEndian}; 2 and 3 in little-endian are read`);
  }
  const numTensors = cursor.count(
    "tensor count",
    Math.min(MAX_TENSORS, Math.floor(cursor.remaining / SMALLEST_TENSOR_BYTES)),
  );
  const numEntries = cursor.count(
    "metadata count",
    Math.min(MAX_ENTRIES, Math.floor(cursor.remaining / SMALLEST_ENTRY_BYTES)),
  );
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < numEntries; i += 1) {
    const key = cursor.string(`metadata ${i} key`, MAX_KEY_BYTES);
    if (metadata.has(key)) throw malformed(path, shown(key), "given twice");
    metadata.set(key, cursor.value(shown(key)));
  }
  const alignment = alignmentOf(metadata, path);
  const rows = Array.from({ length: numTensors }, (_, i) => readTensorInfo(cursor, i));
  const dataStart = Math.ceil(cursor.position / alignment) * alignment;
  const tensors = rows.map(({ offset, ...tensor }) => ({ ...tensor, fileOffset: dataStart + offset }));
  checkPlaces(tensors, { path, fileSize, alignment, dataStart });
  return { version, fileSize, alignment, metadata, tensors };
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>, path: string): number {
  const value = metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT;
  const isPower = typeof value === "number" && value > 0 && Number.isInteger(Math.log2(value));
  if (!isPower || value > MAX_ALIGNMENT) {
    throw malformed(
      path,
      "general.alignment",
      `${shownValue(value)}, expected a power of two up to ${MAX_ALIGNMENT}`,
    );
  }
  return value;
}

function readTensorInfo(
  cursor: HeaderCursor,
  index: number,
): Omit<GgufTensorInfo, "fileOffset"> & { offset: number } {
  const name = cursor.string(`tensor ${index} name`, MAX_TENSOR_NAME_BYTES);
  const field = `tensor ${shown(name)}`;
  const numDimensions = cursor.uint32(`${field} dimensions`);
  if (numDimensions < 1 || numDimensions > MAX_DIMENSIONS) {
    throw cursor.fail(`${field} dimensions`, `${numDimensions}, expected 1 to ${MAX_DIMENSIONS}`);
  }
  const dimensions: number[] = [];
  for (let i = 0; i < numDimensions; i += 1) {
    const size = cursor.count(`${field} dimension ${i}`, Number.MAX_SAFE_INTEGER);
    if (size === 0) throw cursor.fail(`${field} dimension ${i}`, "0");
    dimensions.push(size);
  }
  const numElements = dimensions.reduce((a, b) => a * b, 1);
  const typeNumber = cursor.uint32(`${field} type`);
  const type = TENSOR_TYPES.get(typeNumber);
  if (type === undefined) throw cursor.fail(`${field} type`, `${typeNumber} is no tensor type known here`);
  const [typeName, block, blockBytes] = type;
  if (dimensions[0]! % block !== 0) {
    throw cursor.fail(field, `rows of ${dimensions[0]} numbers; ${typeName} stores blocks of ${block}`);
  }
  const numBytes = (numElements / block) * blockBytes;
  if (!Number.isSafeInteger(numElements) || numBytes > cursor.remaining) {
    throw cursor.fail(field, `[${dimensions.join(", ")}] ${typeName} does not fit into the file`);
  }
  const offset = cursor.count(`${field} offset`, Number.MAX_SAFE_INTEGER);
  return { name, type: typeName, dimensions, numElements, numBytes, offset };
}

interface Places {
  path: string;
  fileSize: number;
  alignment: number;
  dataStart: number;
}

function checkPlaces(
  tensors: readonly GgufTensorInfo[],
  { path, fileSize, alignment, dataStart }: Places,
): void {
  const names = new Set<string>();
  for (const { name, fileOffset, numBytes } of tensors) {
    if (names.has(name)) throw malformed(path, `tensor ${shown(name)}`, "given twice");
    names.add(name);
    if ((fileOffset - dataStart) % alignment !== 0) {
      throw malformed(path, `tensor ${shown(name)} offset`, `not a multiple of the alignment ${alignment}`);
    }
    if (fileOffset + numBytes > fileSize) {
      throw malformed(
        path,
        `tensor ${shown(name)}`,
        `ends at byte ${fileOffset + numBytes}, the file at ${fileSize}; it is truncated`,
      );
    }
  }
  let end = dataStart;
  for (const { name, fileOffset, numBytes } of tensors.toSorted((a, b) => a.fileOffset - b.fileOffset)) {
    if (fileOffset < end) throw malformed(path, `tensor ${shown(name)}`, "overlaps another tensor");
    end = fileOffset + numBytes;
  }
}

function shownValue(value: GgufValue): string {
  return typeof value === "bigint" ? String(value) : shown(value);
}
