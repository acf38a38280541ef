// A bucket holds as much as may be used in one minute and refills evenly: after a pause a whole minute's worth
// may come at once, and over any longer time no more than the limit's rate plus that. It needs two numbers, no
// memory of what came when. Time is monotonic: setting the wall's clock opens and closes nothing.

export class TokenBucket {
  #capacity: number;
  #level: number;
  #atMs: number;

  constructor(perMinute: number, nowMs: number) {
    this.#capacity = perMinute;
    this.#level = perMinute;
    this.#atMs = nowMs;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** The limit changed: what has been used stays used. */
  resize(perMinute: number): void {
    this.#level += perMinute - this.#capacity;
    this.#capacity = perMinute;
  }

  /** What could be taken now; below 0 after more was used than had been taken. */
  level(nowMs: number): number {
    const refill = ((nowMs - this.#atMs) / 60_000) * this.#capacity;
    this.#level = Math.min(this.#capacity, this.#level + refill);
    this.#atMs = nowMs;
    return this.#level;
  }

  /** May be negative, to give back. Does not look whether it is there. */
  take(amount: number): void {
    this.#level = Math.min(this.#capacity, this.#level - amount);
  }

  /** Until `amount` can be taken, at most as long as an empty bucket needs. */
  waitMs(amount: number, nowMs: number): number {
    return Math.max(0, ((amount - this.level(nowMs)) / this.#capacity) * 60_000);
  }
}
