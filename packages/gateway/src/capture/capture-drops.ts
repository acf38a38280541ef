// What should have been kept and was not, counted by reason, and told now and then: a log line for each would be
// one more thing that a flood of requests can fill.
import { HomegrownError } from "@homegrown/contracts";

export const DROP_REASONS = [
  /** Request or answer is longer than what is kept of one. */
  "too-large",
  /** Too much waits to be masked or written. */
  "overloaded",
  /** The answer, or the request, is not what its dialect says. */
  "unreadable",
  "masking-failed",
  /** The database will not have it. */
  "store-refused",
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

const TELL_EVERY_MS = 60_000;

export class CaptureDrops {
  readonly counts: Record<DropReason, number> = {
    "too-large": 0,
    overloaded: 0,
    unreadable: 0,
    "masking-failed": 0,
    "store-refused": 0,
  };
  readonly #onFault: (error: unknown) => void;
  readonly #now: () => number;
  readonly #toldAt = new Map<DropReason, number>();

  constructor(onFault: (error: unknown) => void, now: () => number) {
    this.#onFault = onFault;
    this.#now = now;
  }

  add(reason: DropReason): void {
    this.counts[reason] += 1;
    const now = this.#now();
    const toldAt = this.#toldAt.get(reason);
    if (toldAt !== undefined && now - toldAt < TELL_EVERY_MS) return;
    this.#toldAt.set(reason, now);
    this.#onFault(captureDropped(reason, this.counts[reason]));
  }
}

function captureDropped(reason: DropReason, count: number): HomegrownError {
  return new HomegrownError({
    code: "gateway/capture-dropped",
    kind: "unavailable",
    message: `A capture was dropped (${reason}), ${count} since the start for this reason.`,
    hint: "Nothing of it was written. Capture fewer routes, or look at what the store reports.",
    details: { reason, count },
  });
}
