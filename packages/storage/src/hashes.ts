import { createHash, hash, timingSafeEqual } from "node:crypto";
import { open } from "node:fs/promises";

const CHUNK_BYTES = 1 << 20;

/** Lower-case hex sha256 of a text's UTF-8 bytes, or of bytes. */
export function sha256(data: string | Uint8Array): string {
  return hash("sha256", data);
}

/** Lower-case hex sha256 of a file, read in chunks of 1 MiB. */
export async function sha256File(path: string): Promise<string> {
  const digest = createHash("sha256");
  const file = await open(path, "r");
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES);
      if (bytesRead === 0) return digest.digest("hex");
      digest.update(chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** Compares two digests (or other secrets in text form) in a time that does not depend on where they differ. */
export function digestsEqual(a: string, b: string): boolean {
  const left = Buffer.from(a, "utf8");
  const right = Buffer.from(b, "utf8");
  return left.length === right.length && timingSafeEqual(left, right);
}
