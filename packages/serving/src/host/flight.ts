// One request between parent and host: what the host sent, in order, until it is done or fails.
import type { HomegrownError } from "@homegrown/contracts";
import type { FromHost } from "./messages.ts";

export type FlightMessage = Extract<FromHost, { id: number }>;

export class Flight {
  readonly #arrived: FlightMessage[] = [];
  #failure: HomegrownError | undefined;
  #wake: (() => void) | undefined;
  readonly #failed: PromiseWithResolvers<never> = Promise.withResolvers<never>();

  constructor() {
    // Nobody has to wait for it.
    this.#failed.promise.catch(() => undefined);
  }

  /** Rejects when the flight fails, whatever has arrived before. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  push(message: FlightMessage): void {
    this.#arrived.push(message);
    this.#wake?.();
  }

  /** What arrived before still comes out first. The first failure counts. */
  fail(error: HomegrownError): void {
    this.#failure ??= error;
    this.#failed.reject(this.#failure);
    this.#wake?.();
  }

  async next(): Promise<FlightMessage> {
    for (;;) {
      const message = this.#arrived.shift();
      if (message !== undefined) return message;
      if (this.#failure !== undefined) throw this.#failure;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }
}
