// Reading files that somebody else made: nothing is allocated because a file says so, only because the
// file is that long.
import { open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { HomegrownError } from "@homegrown/contracts";
import { malformed } from "./malformed.ts";

/** Longest piece read at once, bytes: a multiple of every block size of the stored number formats. */
const CHUNK_BYTES = 4 << 20;

export class BoundedFile {
  readonly path: string;
  readonly size: number;
  readonly #handle: FileHandle;

  constructor(path: string, size: number, handle: FileHandle) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
  }

  /** Exactly `length` bytes from `offset`; throws `models/malformed-file` when the file ends before. */
  async read(offset: number, length: number): Promise<Buffer> {
    if (offset + length > this.size) {
      throw malformed(
        this.path,
        `bytes ${offset}..${offset + length}`,
        `the file ends at byte ${this.size}; it is truncated`,
      );
    }
    const buffer = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#handle.read(buffer, done, length - done, offset + done);
      if (bytesRead === 0) {
        throw malformed(this.path, `byte ${offset + done}`, "the file became shorter while it was read");
      }
      done += bytesRead;
    }
    return buffer;
  }

  /** Pieces of at most 4 MiB, each a multiple of `blockBytes` but perhaps the last. */
  async *chunks(offset: number, length: number, blockBytes: number): AsyncGenerator<Buffer> {
    const step = Math.max(1, Math.floor(CHUNK_BYTES / blockBytes)) * blockBytes;
    for (let done = 0; done < length; done += step) {
      yield await this.read(offset + done, Math.min(step, length - done));
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Throws `models/file-not-found`, or `models/malformed-file` for a folder, pipe or device. */
export async function openBounded(path: string): Promise<BoundedFile> {
  try {
    const { size } = await regularFile(path);
    return new BoundedFile(path, size, await open(path, "r"));
  } catch (cause) {
    if (cause instanceof HomegrownError) throw cause;
    throw new HomegrownError({
      code: "models/file-not-found",
      kind: "not-found",
      message: `${path} could not be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "Check the path and the permissions; a model folder in Hugging Face layout is complete or unusable.",
      details: { file: path },
      cause,
    });
  }
}

/** A whole small file. Throws as `openBounded`, and when it is longer than `maxBytes`. */
export async function readSmallFile(path: string, maxBytes: number): Promise<Buffer> {
  const file = await openBounded(path);
  try {
    if (file.size > maxBytes) {
      throw malformed(
        path,
        "size",
        `${file.size} bytes, more than the ${maxBytes} that such a file may have`,
      );
    }
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}

export async function readTextFile(path: string, maxBytes: number): Promise<string> {
  return decodeUtf8(await readSmallFile(path, maxBytes), path, "text");
}

/** The parsed JSON object of a small file. */
export async function readJsonObject(path: string, maxBytes: number): Promise<Record<string, unknown>> {
  return parseJsonObject(await readTextFile(path, maxBytes), path, "JSON");
}

export function parseJsonObject(text: string, file: string, field: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(file, field, `not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed(file, field, "expected a JSON object");
  }
  return value as Record<string, unknown>;
}

export function decodeUtf8(bytes: Uint8Array, file: string, field: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed(file, field, "not valid UTF-8");
  }
}

async function regularFile(path: string): Promise<{ size: number }> {
  const info = await stat(path);
  // Opening a pipe would wait for a writer for ever.
  if (!info.isFile()) throw malformed(path, "kind", "expected a regular file");
  return info;
}
