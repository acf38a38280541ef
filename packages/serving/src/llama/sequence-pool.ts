// The context's sequences, shared by the requests: each holds one while it runs, the others wait in order,
// and no more of them than `maxQueue`. A free sequence keeps the state of its last request, so that the next
// turn of the same conversation need not be evaluated again.
import { HomegrownError } from "@homegrown/contracts";
import type { LlamaContextSequence } from "node-llama-cpp";

interface Waiting {
  ids: readonly number[];
  start: (sequence: LlamaContextSequence) => void;
}

export class SequencePool {
  readonly #free: LlamaContextSequence[];
  readonly #waiting: Waiting[] = [];
  readonly #maxQueue: number;
  readonly #size: number;

  constructor(sequences: readonly LlamaContextSequence[], maxQueue: number) {
    this.#free = [...sequences];
    this.#size = sequences.length;
    this.#maxQueue = maxQueue;
  }

  /** Throws `serving/queue-full` where `run` would. */
  checkRoom(): void {
    if (this.#free.length > 0 || this.#waiting.length < this.#maxQueue) return;
    throw new HomegrownError({
      code: "serving/queue-full",
      kind: "overloaded",
      message: `${this.#size} requests run and ${this.#waiting.length} wait, at most ${this.#maxQueue} may`,
      hint: "Try again in a moment, or raise parallelSequences or maxQueue.",
      details: { running: this.#size, waiting: this.#waiting.length, maxQueue: this.#maxQueue },
      retryable: true,
    });
  }

  /**
   * Runs `work` on the sequence that already holds the longest beginning of `ids`. Throws `signal`'s reason
   * when it aborts while waiting; what happens to running work is for `work` to see.
   */
  async run<T>(
    ids: readonly number[],
    signal: AbortSignal,
    work: (sequence: LlamaContextSequence) => Promise<T>,
  ): Promise<T> {
    this.checkRoom();
    const sequence = await this.#acquire(ids, signal);
    try {
      return await work(sequence);
    } catch (error) {
      // A failed evaluation leaves the cells behind in a state that nobody should build on.
      if (!signal.aborted) await sequence.clearHistory();
      throw error;
    } finally {
      this.#release(sequence);
    }
  }

  async #acquire(ids: readonly number[], signal: AbortSignal): Promise<LlamaContextSequence> {
    signal.throwIfAborted();
    if (this.#free.length > 0) return this.#takeClosest(ids);
    const { promise, resolve, reject } = Promise.withResolvers<LlamaContextSequence>();
    const waiting: Waiting = { ids, start: resolve };
    const abandon = (): void => {
      const place = this.#waiting.indexOf(waiting);
      if (place < 0) return;
      this.#waiting.splice(place, 1);
      reject(signal.reason as Error);
    };
    this.#waiting.push(waiting);
    signal.addEventListener("abort", abandon, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", abandon);
    }
  }

  #takeClosest(ids: readonly number[]): LlamaContextSequence {
    let best = 0;
    let bestShared = -1;
    this.#free.forEach((sequence, index) => {
      const shared = sequence.compareContextTokens([...ids] as never).firstDifferentIndex;
      // Among equals the one with less to lose.
      const isBetter =
        shared > bestShared ||
        (shared === bestShared && sequence.nextTokenIndex < this.#free[best]!.nextTokenIndex);
      if (isBetter) [best, bestShared] = [index, shared];
    });
    return this.#free.splice(best, 1)[0]!;
  }

  #release(sequence: LlamaContextSequence): void {
    this.#free.push(sequence);
    const next = this.#waiting.shift();
    if (next !== undefined) next.start(this.#takeClosest(next.ids));
  }
}
