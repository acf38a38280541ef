// A thread that hashes whole files, one after another. Synchronous on purpose: nothing else runs here.
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";

export interface HashRequest {
  id: number;
  path: string;
}

/** An error by its parts: cloning one for another thread drops its code. */
export type HashResponse =
  | { id: number; digest: string }
  | { id: number; failure: { message: string; code: string | undefined } };

const port = parentPort!;
const chunk = Buffer.allocUnsafe(1 << 20);

port.on("message", ({ id, path }: HashRequest) => {
  let response: HashResponse;
  try {
    response = { id, digest: hashFile(path) };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    response = { id, failure: { message, code } };
  }
  port.postMessage(response);
});

function hashFile(path: string): string {
  const digest = createHash("sha256");
  const file = openSync(path, "r");
  try {
    for (;;) {
      const bytesRead = readSync(file, chunk, 0, chunk.length, null);
      if (bytesRead === 0) return digest.digest("hex");
      digest.update(chunk.subarray(0, bytesRead));
    }
  } finally {
    closeSync(file);
  }
}
