// The time limits of one attempt. Timers of equal length share a list in node, so a request costs two inserts.
import { HomegrownError } from "@homegrown/contracts";
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
  readonly #onExpire: (error: HomegrownError) => void;
  readonly #startedAt = performance.now();
  readonly #total: NodeJS.Timeout;
  #waiting: NodeJS.Timeout | undefined;
  #stopped = false;
  /** Parts that the client has not taken yet. */
  #untaken = 0;
  #untakenSince = 0;
  #untakenMs = 0;

  /** @param totalLeftMs what earlier attempts have left of `totalMs`. */
  constructor(
    target: string,
    timeouts: AttemptTimeouts,
    totalLeftMs: number,
    onExpire: (error: HomegrownError) => void,
  ) {
    this.#target = target;
    this.#timeouts = timeouts;
    this.#onExpire = onExpire;
    this.#total = setTimeout(() => this.#expireTotal(), totalLeftMs);
    this.#waiting = setTimeout(() => {
      this.#expire("first-token-timeout", `nothing came within ${timeouts.firstTokenMs} ms`);
    }, timeouts.firstTokenMs);
  }

  /** The first part has come: from now on only stalls count. */
  firstPart(): void {
    this.#awaitPart();
  }

  /** Another part has come. */
  part(): void {
    if (this.#untaken === 0) this.#waiting?.refresh();
  }

  /** A part waits for the client: until it is taken, silence says nothing of the target, which is held up too. */
  awaitClient(): void {
    if (this.#untaken++ > 0) return;
    this.#untakenSince = performance.now();
    clearTimeout(this.#waiting);
  }

  clientTook(): void {
    if (--this.#untaken > 0) return;
    this.#untakenMs += performance.now() - this.#untakenSince;
    this.#awaitPart();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#total);
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
  }

  #awaitPart(): void {
    clearTimeout(this.#waiting);
    if (this.#stopped || this.#untaken > 0) return;
    this.#waiting = setTimeout(() => {
      this.#expire("stalled", `nothing more came for ${this.#timeouts.stallMs} ms`);
    }, this.#timeouts.stallMs);
  }

  /** Whoever was waited for longer has used the time up. */
  #expireTotal(): void {
    const now = performance.now();
    const clientMs = this.#untakenMs + (this.#untaken > 0 ? now - this.#untakenSince : 0);
    const { totalMs } = this.#timeouts;
    if (clientMs * 2 <= now - this.#startedAt) {
      this.#expire("total-timeout", `the request took longer than ${totalMs} ms`);
      return;
    }
    this.stop();
    this.#onExpire(clientSlow(totalMs));
  }

  #expire(fault: UpstreamFault, message: string): void {
    this.stop();
    this.#onExpire(new UpstreamError({ fault, target: this.#target, message }));
  }
}

function clientSlow(totalMs: number): HomegrownError {
  return new HomegrownError({
    code: "gateway/client-stalled",
    kind: "cancelled",
    message: `The client took its answer so slowly that the request lasted longer than ${totalMs} ms.`,
    hint: "Read the stream as it comes, or raise the route's totalMs.",
  });
}
