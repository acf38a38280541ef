// The time limits of one attempt. Timers of equal length share a list in node, so a request costs two inserts.
import { UpstreamError } from "../upstream-errors.ts";
import type { UpstreamFault } from "../upstream-errors.ts";

export interface AttemptTimeouts {
  connectMs: number;
  /** From the attempt's start to the first event, or the whole answer's first byte. */
  firstTokenMs: number;
  /** Of the request over all its attempts. */
  totalMs: number;
  /** Between two parts of an answer. */
  stallMs: number;
}

export class AttemptClock {
  readonly #target: string;
  readonly #timeouts: AttemptTimeouts;
  readonly #onExpire: (error: UpstreamError) => void;
  readonly #total: NodeJS.Timeout;
  #waiting: NodeJS.Timeout | undefined;

  /** @param totalLeftMs what earlier attempts have left of `totalMs`. */
  constructor(
    target: string,
    timeouts: AttemptTimeouts,
    totalLeftMs: number,
    onExpire: (error: UpstreamError) => void,
  ) {
    this.#target = target;
    this.#timeouts = timeouts;
    this.#onExpire = onExpire;
    this.#total = setTimeout(() => {
      this.#expire("total-timeout", `the request took longer than ${timeouts.totalMs} ms`);
    }, totalLeftMs);
    this.#waiting = setTimeout(() => {
      this.#expire("first-token-timeout", `nothing came within ${timeouts.firstTokenMs} ms`);
    }, timeouts.firstTokenMs);
  }

  /** The first part has come: from now on only stalls count. */
  firstPart(): void {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => {
      this.#expire("stalled", `nothing more came for ${this.#timeouts.stallMs} ms`);
    }, this.#timeouts.stallMs);
  }

  /** Another part has come, or the client has taken what waited. */
  part(): void {
    this.#waiting?.refresh();
  }

  stop(): void {
    clearTimeout(this.#total);
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
  }

  #expire(fault: UpstreamFault, message: string): void {
    this.stop();
    this.#onExpire(new UpstreamError({ fault, target: this.#target, message }));
  }
}
