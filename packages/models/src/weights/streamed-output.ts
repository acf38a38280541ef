import { open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { HomegrownError } from "@homegrown/contracts";

/** A file being written front to back; `position` counts the bytes so far. */
export class StreamedOutput {
  readonly #handle: FileHandle;
  position = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let done = 0;
    while (done < bytes.byteLength) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.byteLength - done, this.position);
      done += bytesWritten;
      this.position += bytesWritten;
    }
  }

  /** Zero bytes up to the next multiple of `alignment`. */
  async align(alignment: number): Promise<void> {
    const missing = (alignment - (this.position % alignment)) % alignment;
    if (missing > 0) await this.write(new Uint8Array(missing));
  }
}

/**
 * Creates a file, lets `fill` write it and makes it durable (fsync). The file must not exist; on failure
 * it is removed. The name itself is not atomic: exporters write into a folder that is published as a whole.
 * Throws `models/write-failed`, or what `fill` throws.
 */
export async function writeStreamed(
  path: string,
  fill: (output: StreamedOutput) => Promise<void>,
): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(path, "wx");
  } catch (cause) {
    throw writeFailed(path, cause);
  }
  try {
    await fill(new StreamedOutput(handle));
    await handle.sync();
    await handle.close();
  } catch (cause) {
    await handle.close().catch(() => undefined);
    await rm(path, { force: true });
    throw cause instanceof HomegrownError ? cause : writeFailed(path, cause);
  }
}

function writeFailed(path: string, cause: unknown): HomegrownError {
  return new HomegrownError({
    code: "models/write-failed",
    kind: "unavailable",
    message: `${path} could not be written: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: "Check that the folder exists, that the file does not, and that the disk has room.",
    details: { file: path },
    cause,
  });
}
