import { hash, timingSafeEqual } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { hashInThread } from "./hash-threads.ts";

/** Below this a file is hashed where the caller runs: half a millisecond, less than handing it over. */
const MAX_INLINE_BYTES = 1 << 20;

/** Lower-case hex sha256 of a text's UTF-8 bytes, or of bytes. */
export function sha256(data: string | Uint8Array): string {
  return hash("sha256", data);
}

/** Lower-case hex sha256 of a file; a large one is streamed in a thread of its own. Nothing is cached. */
export async function sha256File(path: string): Promise<string> {
  const { size } = await stat(path);
  return size <= MAX_INLINE_BYTES ? sha256(await readFile(path)) : hashInThread(path);
}

/** Compares two digests (or other secrets in text form) in a time that does not depend on where they differ. */
export function digestsEqual(a: string, b: string): boolean {
  const left = Buffer.from(a, "utf8");
  const right = Buffer.from(b, "utf8");
  return left.length === right.length && timingSafeEqual(left, right);
}
