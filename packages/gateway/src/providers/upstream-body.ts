// The body of an upstream's answer, as much of a web stream as the provider packages use. A real
// ReadableStream costs a few microseconds and several promises for each chunk; its reader is all they need.
import type { Dispatcher } from "undici";

/** Bytes that may wait here before the socket is paused. */
const HIGH_WATER_BYTES = 256 * 1024;

type Read = { done: false; value: Uint8Array } | { done: true; value: undefined };
const DONE: Read = { done: true, value: undefined };

export class UpstreamBody {
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #ended = false;
  #failure: Error | undefined;
  #reader: { resolve(read: Read): void; reject(error: Error): void } | undefined;
  #controller: Dispatcher.DispatchController;
  #paused = false;
  #web: ReadableStream<Uint8Array> | undefined;

  constructor(controller: Dispatcher.DispatchController) {
    this.#controller = controller;
  }

  push(chunk: Buffer): void {
    const reader = this.#reader;
    if (reader !== undefined) {
      this.#reader = undefined;
      reader.resolve({ done: false, value: chunk });
      return;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes > HIGH_WATER_BYTES && !this.#paused) {
      this.#paused = true;
      this.#controller.pause();
    }
  }

  end(): void {
    this.#ended = true;
    this.#reader?.resolve(DONE);
    this.#reader = undefined;
  }

  fail(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = error;
    this.#reader?.reject(error);
    this.#reader = undefined;
  }

  getReader(): this {
    return this;
  }

  releaseLock(): void {}

  read(): Promise<Read> {
    if (this.#waiting.length > 0) {
      const value = this.#waiting.length === 1 ? this.#waiting[0]! : Buffer.concat(this.#waiting);
      this.#waiting = [];
      this.#waitingBytes = 0;
      if (this.#paused) {
        this.#paused = false;
        this.#controller.resume();
      }
      return Promise.resolve({ done: false, value });
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  /** Ends the exchange with the upstream, unless it is over. */
  cancel(reason?: unknown): Promise<void> {
    if (!this.#ended) {
      const error = reason instanceof Error ? reason : new Error("the answer is no longer wanted");
      this.fail(error);
      this.#controller.abort(error);
    }
    this.#waiting = [];
    this.#waitingBytes = 0;
    return Promise.resolve();
  }

  /** A real one, for callers who need more than a reader. */
  toWebStream(): ReadableStream<Uint8Array> {
    this.#web ??= new ReadableStream(
      {
        pull: async (controller) => {
          const { done, value } = await this.read();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: (reason) => this.cancel(reason),
      },
      { highWaterMark: 0 },
    );
    return this.#web;
  }

  pipeThrough<T>(transform: TransformStream<Uint8Array, T>): ReadableStream<T> {
    return this.toWebStream().pipeThrough(transform);
  }

  tee(): [ReadableStream<Uint8Array>, ReadableStream<Uint8Array>] {
    return this.toWebStream().tee();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.toWebStream()[Symbol.asyncIterator]();
  }

  async readAll(): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const { done, value } = await this.read();
      if (done) return Buffer.concat(chunks);
      chunks.push(value);
    }
  }
}
