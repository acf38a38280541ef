import type { HomegrownError } from "@homegrown/contracts";
import type { Delivery, DeliveryFacts, StreamSink } from "../delivery.ts";

/**
 * Keeps an answer back until it has been looked at: what the core sends is collected, everything else goes to
 * the client's own delivery. Bounded, because a whole stream is held.
 */
export class HeldDelivery implements Delivery {
  readonly requestId: string;
  readonly #inner: Delivery;
  readonly #maxBytes: number;
  readonly #tooLarge: () => HomegrownError;
  #parts: Buffer[] = [];
  #numBytes = 0;
  #contentType: string | undefined;
  #isStream = false;

  constructor(inner: Delivery, maxBytes: number, tooLarge: () => HomegrownError) {
    this.requestId = inner.requestId;
    this.#inner = inner;
    this.#maxBytes = maxBytes;
    this.#tooLarge = tooLarge;
  }

  get signal(): AbortSignal {
    return this.#inner.signal;
  }

  onCancel(listener: (reason: HomegrownError) => void): void {
    this.#inner.onCancel(listener);
  }

  showLimits(state: Parameters<Delivery["showLimits"]>[0]): void {
    this.#inner.showLimits(state);
  }

  note(facts: DeliveryFacts): void {
    this.#inner.note(facts);
  }

  annotate(name: string, value: string): void {
    this.#inner.annotate(name, value);
  }

  send(body: Uint8Array | string, contentType?: string): void {
    this.#contentType = contentType;
    this.#add(body);
  }

  openStream(contentType?: string): StreamSink {
    this.#contentType = contentType;
    this.#isStream = true;
    return {
      send: (part) => {
        this.#add(part);
        return undefined;
      },
      end: (part) => {
        if (part !== undefined) this.#add(part);
      },
    };
  }

  /** What was held, copied together. */
  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** Lets go of the answer as it is, or of another in its place. */
  release(replacement?: string): void {
    if (!this.#isStream) {
      this.#inner.send(replacement ?? this.bytes(), this.#contentType);
      return;
    }
    const sink = this.#inner.openStream(this.#contentType);
    sink.end(this.bytes());
  }

  #add(part: Uint8Array | string): void {
    const bytes = typeof part === "string" ? Buffer.from(part) : Buffer.from(part);
    this.#numBytes += bytes.length;
    if (this.#numBytes > this.#maxBytes) throw this.#tooLarge();
    this.#parts.push(bytes);
  }
}
