/** Takes what the client is sent, part by part. */
export interface AnswerListener {
  add(part: Uint8Array | string): void;
}

/**
 * What the client was sent, kept for whoever needs the whole answer (capture, hooks). Bounded: an answer past the
 * limit is not kept at all.
 */
export class Recording implements AnswerListener {
  readonly #maxBytes: number;
  #parts: Buffer[] | undefined = [];
  #numBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes are copied: a small part may lie in a large buffer. */
  add(part: Uint8Array | string): void {
    if (this.#parts === undefined) return;
    const bytes = Buffer.from(part as string);
    this.#numBytes += bytes.length;
    if (this.#numBytes > this.#maxBytes) this.#parts = undefined;
    else this.#parts.push(bytes);
  }

  /** Undefined where the answer was too large. */
  bytes(): Buffer | undefined {
    return this.#parts && Buffer.concat(this.#parts);
  }
}

/** Undefined for no listeners, so that the common case pays nothing. */
export function listenWith(listeners: readonly (AnswerListener | undefined)[]): AnswerListener | undefined {
  const some = listeners.filter((listener) => listener !== undefined);
  if (some.length < 2) return some[0];
  return {
    add(part) {
      for (const listener of some) listener.add(part);
    },
  };
}
