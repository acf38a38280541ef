import type { ServerResponse } from "node:http";
import { HomegrownError } from "@homegrown/contracts";
import type { StreamSink } from "../core/delivery.ts";
import { clientLeft } from "./read-body.ts";

/**
 * Server-sent events with back-pressure: whoever produces waits for `send`, so that a client that reads
 * slowly slows the model instead of filling memory, and one that stopped reading is let go.
 */
export class EventStream implements StreamSink {
  readonly #response: ServerResponse;
  readonly #stallMs: number;

  constructor(
    response: ServerResponse,
    stallMs: number,
    contentType: string,
    headers: Record<string, string>,
  ) {
    this.#response = response;
    this.#stallMs = stallMs;
    response.writeHead(200, {
      "content-type": contentType,
      "cache-control": "no-cache",
      // Asks nginx and its like not to collect the events.
      "x-accel-buffering": "no",
      ...headers,
    });
  }

  /** Writes whole events. The promise, when there is one, settles once the client has taken what waited. */
  send(events: Uint8Array | string): Promise<void> | undefined {
    if (this.#response.destroyed) return Promise.reject(clientLeft());
    return this.#response.write(events) ? undefined : this.#drained();
  }

  end(events?: Uint8Array | string): void {
    this.#response.end(events);
  }

  #drained(): Promise<void> {
    const response = this.#response;
    return new Promise((resolve, reject) => {
      const settle = (error?: HomegrownError): void => {
        clearTimeout(timer);
        response.off("drain", onDrain).off("close", onClose);
        if (error) reject(error);
        else resolve();
      };
      const onDrain = (): void => settle();
      const onClose = (): void => settle(clientLeft());
      const timer = setTimeout(() => {
        settle(clientStalled(this.#stallMs));
        response.destroy();
      }, this.#stallMs);
      response.on("drain", onDrain).on("close", onClose);
    });
  }
}

function clientStalled(stallMs: number): HomegrownError {
  return new HomegrownError({
    code: "gateway/client-stalled",
    kind: "cancelled",
    message: `The client has not taken what waited for it within ${stallMs} ms.`,
    hint: "Read the stream as it comes, or raise the server's clientStallMs.",
  });
}
