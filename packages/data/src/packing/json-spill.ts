// Values between two passes over them, as JSONL on disk: memory holds one at a time.
import { createWriteStream } from "node:fs";
import type { WriteStream } from "node:fs";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { readJsonLines } from "../reading/json-lines.ts";

const MAX_LINE_BYTES = 512 << 20;

export class JsonSpill<T> {
  readonly #path: string;
  readonly #stream: WriteStream;
  readonly #done: Promise<void>;

  constructor(path: string) {
    this.#path = path;
    this.#stream = createWriteStream(path, { highWaterMark: 1 << 20 });
    this.#done = finished(this.#stream);
    // An error is thrown where the stream is awaited, not as an unhandled rejection before.
    this.#done.catch(() => undefined);
  }

  async write(value: T): Promise<void> {
    if (this.#stream.write(`${JSON.stringify(value)}\n`)) return;
    await Promise.race([once(this.#stream, "drain"), this.#done]);
  }

  async finish(): Promise<void> {
    this.#stream.end();
    await this.#done;
  }

  async *read(): AsyncGenerator<T> {
    for await (const line of readJsonLines(this.#path, MAX_LINE_BYTES)) yield line as T;
  }

  async remove(): Promise<void> {
    this.#stream.destroy();
    await rm(this.#path, { force: true });
  }
}
