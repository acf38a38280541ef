// A file's bytes in chunks, decompressed when it is gz, under bounds that a hostile file cannot pass.
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import type { ReadLimits } from "../build-options.ts";

/** A file that is given up, with the reason for the manifest. */
export class UnreadableFile extends Error {
  readonly reason: string;
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
    this.reason = reason;
  }
}

const CHUNK_BYTES = 1 << 18;
const RATIO_GRACE_BYTES = 1 << 20;

/** @throws UnreadableFile */
export async function* fileChunks(
  file: { path: string; gzip: boolean; bytes: number },
  limits: ReadLimits,
): AsyncGenerator<Buffer> {
  const raw = createReadStream(file.path, { highWaterMark: CHUNK_BYTES });
  // `pipeline` hands an error of the file on to the reader of the decompressed stream.
  const stream = file.gzip ? pipeline(raw, createGunzip({ chunkSize: CHUNK_BYTES }), () => undefined) : raw;
  let total = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      total += chunk.length;
      if (file.gzip) refuseBomb(total, raw.bytesRead, limits);
      yield chunk;
    }
  } catch (error) {
    throw error instanceof UnreadableFile ? error : new UnreadableFile(reasonOf(error), error);
  } finally {
    raw.destroy();
  }
}

function refuseBomb(total: number, compressed: number, limits: ReadLimits): void {
  if (total > limits.maxDecompressedBytes) {
    throw new UnreadableFile(`decompresses to more than ${limits.maxDecompressedBytes} bytes`);
  }
  if (total > RATIO_GRACE_BYTES && total > compressed * limits.maxCompressionRatio) {
    throw new UnreadableFile(`decompresses to more than ${limits.maxCompressionRatio} times its size`);
  }
}

export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "unknown error";
  if (code === "ENOENT") return "vanished";
  if (code.startsWith("Z_")) return "damaged gz";
  return `unreadable (${code})`;
}
