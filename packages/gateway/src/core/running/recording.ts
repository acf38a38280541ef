/**
 * What the client was sent, kept for whoever needs the whole answer (cache, capture, hooks). Bounded: an answer
 * past the limit is not kept at all.
 */
export class Recording {
  readonly #maxBytes: number;
  #parts: (Uint8Array | string)[] | undefined = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(part: Uint8Array | string): void {
    if (this.#parts === undefined) return;
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) this.#parts = undefined;
    else this.#parts.push(part);
  }

  /** Undefined where the answer was too large. */
  bytes(): Buffer | undefined {
    if (this.#parts === undefined) return undefined;
    return Buffer.concat(this.#parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  }
}
