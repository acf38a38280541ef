// A loss spike is a loss far above what the last steps had: loss > factor · median(last 32). The median
// ignores single outliers and follows the loss as it falls. Its memory is part of every checkpoint, so a
// resumed run judges as the uninterrupted one does.

const length = 32;
/** Early losses fall too fast to compare with. */
const enough = 8;

export class SpikeDetector {
  readonly #factor: number;
  #recent: readonly number[] = [];

  constructor(factor: number) {
    this.#factor = factor;
  }

  /** Above this a step must not be applied. */
  get limit(): number {
    if (this.#recent.length < enough) return Number.MAX_VALUE;
    const sorted = this.#recent.toSorted((a, b) => a - b);
    return this.#factor * sorted[Math.floor(sorted.length / 2)]!;
  }

  add(loss: number): void {
    this.#recent = [...this.#recent, loss].slice(-length);
  }

  get memory(): readonly number[] {
    return this.#recent;
  }

  restore(memory: readonly number[]): void {
    this.#recent = memory;
  }
}
