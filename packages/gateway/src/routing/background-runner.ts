// Work that nobody waits for: copies of requests to a shadow target, and hooks that only look on. It starts
// when the client has its own answer, runs in a few places, and is dropped when those are taken and
// a short queue is full. So it slows no client, and an outage of what it calls piles nothing up.

export interface BackgroundLimits {
  maxConcurrent: number;
  /** Waiting tasks. Default: as many as may run. */
  maxQueued?: number;
  /** Of waiting and running tasks together; a task holds its request's body. Default 32 MiB. */
  maxBytes?: number;
}

/** Its end, good or bad, is nobody's business here; it should record itself. */
export type BackgroundTask = (signal: AbortSignal) => Promise<void>;

interface Waiting {
  task: BackgroundTask;
  numBytes: number;
}

const DEFAULT_MAX_BYTES = 32 * 1024 * 1024;

export class BackgroundRunner {
  readonly #limits: Required<BackgroundLimits>;
  readonly #waiting: Waiting[] = [];
  /** One for each running task: what a task hangs on its signal ends with it. */
  readonly #running = new Set<AbortController>();
  #isClosing = false;
  readonly #ends = new Set<Promise<void>>();
  #numBytes = 0;
  #dropped = 0;
  #failed = 0;

  constructor({ maxConcurrent, maxQueued = maxConcurrent, maxBytes = DEFAULT_MAX_BYTES }: BackgroundLimits) {
    this.#limits = { maxConcurrent, maxQueued, maxBytes };
  }

  get running(): number {
    return this.#ends.size;
  }
  get queued(): number {
    return this.#waiting.length;
  }
  /** Tasks that were not taken, or never started, since the start. */
  get dropped(): number {
    return this.#dropped;
  }
  get failed(): number {
    return this.#failed;
  }

  /** Never throws and never runs the task at once. False: dropped. `numBytes` is what the task keeps alive. */
  submit(task: BackgroundTask, numBytes: number): boolean {
    const { maxConcurrent, maxQueued, maxBytes } = this.#limits;
    const isFull = this.#waiting.length >= maxQueued + Math.max(0, maxConcurrent - this.running);
    if (isFull || this.#numBytes + numBytes > maxBytes || this.#isClosing) {
      this.#dropped++;
      return false;
    }
    this.#numBytes += numBytes;
    this.#waiting.push({ task, numBytes });
    setImmediate(() => this.#startNext());
    return true;
  }

  /** Ends what runs, drops what waits, and waits until nothing runs. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const controller of this.#running) controller.abort();
    for (const { numBytes } of this.#waiting.splice(0)) {
      this.#numBytes -= numBytes;
      this.#dropped++;
    }
    await Promise.all(this.#ends);
  }

  #startNext(): void {
    if (this.running >= this.#limits.maxConcurrent) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    const end = this.#run(next).finally(() => {
      this.#ends.delete(end);
      this.#startNext();
    });
    this.#ends.add(end);
  }

  async #run({ task, numBytes }: Waiting): Promise<void> {
    const controller = new AbortController();
    this.#running.add(controller);
    try {
      await task(controller.signal);
    } catch {
      this.#failed++;
    } finally {
      this.#running.delete(controller);
      this.#numBytes -= numBytes;
    }
  }
}
