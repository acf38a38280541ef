// Bytes as they come from a provider, however they are cut, put together into whole events. Only whole events
// go on to the client, so that whatever happens next (an error event of ours, an end) is read as such.
import { UpstreamError } from "../upstream-errors.ts";

const LINE_FEED = 0x0a;

export class EventAssembly {
  readonly #target: string;
  readonly #maxEventBytes: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(target: string, maxEventBytes: number) {
    this.#target = target;
    this.#maxEventBytes = maxEventBytes;
  }

  /** Whether bytes wait for the rest of their event. */
  get isMidEvent(): boolean {
    return this.#pendingBytes > 0;
  }

  /** All events that are whole by now, in one buffer; undefined where none is. */
  push(chunk: Buffer): Buffer | undefined {
    // Without a line feed nothing can end here: searching again would make byte-wise arrival quadratic.
    if (!chunk.includes(LINE_FEED)) {
      this.#keep(chunk);
      return undefined;
    }
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([...this.#pending, chunk]);
    const end = lastEventEnd(bytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    if (end < bytes.length) this.#keep(bytes.subarray(end));
    return end === 0 ? undefined : bytes.subarray(0, end);
  }

  /** What is left when the stream has ended: an event whose blank line never came. */
  rest(): Buffer | undefined {
    if (this.#pendingBytes === 0) return undefined;
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    return bytes;
  }

  #keep(bytes: Buffer): void {
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes > this.#maxEventBytes) {
      throw new UpstreamError({
        fault: "too-large",
        target: this.#target,
        message: `one event of its stream is larger than ${this.#maxEventBytes} bytes`,
      });
    }
    this.#pending.push(bytes);
  }
}

/** One past the last blank line. */
function lastEventEnd(bytes: Buffer): number {
  for (let feed = bytes.lastIndexOf(LINE_FEED); feed > 0; feed = bytes.lastIndexOf(LINE_FEED, feed - 1)) {
    const before = bytes[feed - 1];
    if (before === LINE_FEED) return feed + 1;
    if (before === 0x0d && bytes[feed - 2] === LINE_FEED) return feed + 1;
  }
  return 0;
}
