// Max-heap of (count, pair): the most frequent first, of equals the smaller pair key.

export class PairHeap {
  readonly #counts: number[] = [];
  readonly #pairs: number[] = [];

  push(count: number, pair: number): void {
    let i = this.#counts.length;
    this.#counts.push(count);
    this.#pairs.push(pair);
    while (i > 0 && this.#before(i, (i - 1) >> 1)) {
      this.#swap(i, (i - 1) >> 1);
      i = (i - 1) >> 1;
    }
  }

  pop(): { count: number; pair: number } | undefined {
    const last = this.#counts.length - 1;
    if (last < 0) return undefined;
    this.#swap(0, last);
    const top = { count: this.#counts.pop()!, pair: this.#pairs.pop()! };
    for (let i = 0; ;) {
      const child = 2 * i + 2 < last && this.#before(2 * i + 2, 2 * i + 1) ? 2 * i + 2 : 2 * i + 1;
      if (child >= last || !this.#before(child, i)) return top;
      this.#swap(i, child);
      i = child;
    }
  }

  #before(a: number, b: number): boolean {
    const difference = this.#counts[a]! - this.#counts[b]!;
    return difference > 0 || (difference === 0 && this.#pairs[a]! < this.#pairs[b]!);
  }

  #swap(a: number, b: number): void {
    [this.#counts[a], this.#counts[b]] = [this.#counts[b]!, this.#counts[a]!];
    [this.#pairs[a], this.#pairs[b]] = [this.#pairs[b]!, this.#pairs[a]!];
  }
}
