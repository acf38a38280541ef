// How many second tries a route may make: each request pays in a share of one, each second try at a target
// takes one out. In an outage a target then sees at most `1 + ratio` times the requests that clients send,
// however many attempts a single request may make. A first try at a further target costs nothing: no target
// sees a request twice by it.

/** Second tries that are there from the start, and the most that can be saved up. */
const BURST = 10;

export class RetryBudget {
  readonly #ratio: number;
  #tokens: number;

  constructor(ratio: number) {
    this.#ratio = ratio;
    this.#tokens = ratio > 0 ? BURST : 0;
  }

  payIn(): void {
    this.#tokens = Math.min(BURST, this.#tokens + this.#ratio);
  }

  /** Only asks; `take` takes. */
  get isEmpty(): boolean {
    return this.#tokens < 1;
  }

  take(): void {
    this.#tokens -= 1;
  }
}
