// Byte-pair merging of one pre-token (Sennrich et al. 2016, arXiv 1508.07909): the adjacent pair of lowest
// rank merges first, the leftmost of equals, until no pair of the table is left.

/** Pairs longer than this merge through a heap: scanning for the minimum is quadratic. */
const SCAN_LIMIT = 96;

export class MergeTable {
  readonly #stride: number;
  /** left · stride + right → rank · stride + merged id. Both factors stay under 2^21, so the product is exact. */
  readonly #merges = new Map<number, number>();

  constructor(vocabSize: number) {
    this.#stride = 2 ** Math.ceil(Math.log2(Math.max(2, vocabSize)));
  }

  /** The first merge of a pair wins, as in Hugging Face's loader a later one would be an error. */
  add(left: number, right: number, rank: number, merged: number): boolean {
    const key = left * this.#stride + right;
    if (this.#merges.has(key)) return false;
    this.#merges.set(key, rank * this.#stride + merged);
    return true;
  }

  /** Merges `ids` in place and returns how many are left at its front. */
  merge(ids: Int32Array, length: number): number {
    return length <= SCAN_LIMIT ? this.#mergeByScan(ids, length) : this.#mergeByHeap(ids, length);
  }

  #lookup(left: number, right: number): number {
    return this.#merges.get(left * this.#stride + right) ?? Infinity;
  }

  #mergeByScan(ids: Int32Array, length: number): number {
    const found = new Float64Array(length);
    for (let i = 0; i + 1 < length; i++) found[i] = this.#lookup(ids[i]!, ids[i + 1]!);
    let left = length;
    while (left > 1) {
      let best = Infinity;
      let at = 0;
      for (let i = 0; i + 1 < left; i++) {
        // Equal ranks are the same pair, so a strict comparison keeps the leftmost.
        if (found[i]! < best) {
          best = found[i]!;
          at = i;
        }
      }
      if (best === Infinity) break;
      ids[at] = best % this.#stride;
      ids.copyWithin(at + 1, at + 2, left);
      found.copyWithin(at + 1, at + 2, left);
      left--;
      if (at > 0) found[at - 1] = this.#lookup(ids[at - 1]!, ids[at]!);
      if (at + 1 < left) found[at] = this.#lookup(ids[at]!, ids[at + 1]!);
    }
    return left;
  }

  #mergeByHeap(ids: Int32Array, length: number): number {
    const next = Int32Array.from({ length }, (_, i) => i + 1);
    const previous = Int32Array.from({ length }, (_, i) => i - 1);
    const heap = new CandidateHeap();
    const offer = (at: number): void => {
      const right = next[at]!;
      if (right >= length) return;
      const found = this.#lookup(ids[at]!, ids[right]!);
      if (found !== Infinity) heap.push(found, at);
    };
    for (let i = 0; i < length; i++) offer(i);
    for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
      const { found, at } = top;
      const right = next[at]!;
      // A candidate whose pair has changed since it was offered is stale.
      if (ids[at] === -1 || right >= length || this.#lookup(ids[at]!, ids[right]!) !== found) continue;
      ids[at] = found % this.#stride;
      ids[right] = -1;
      next[at] = next[right]!;
      if (next[at]! < length) previous[next[at]!] = at;
      if (previous[at]! >= 0) offer(previous[at]!);
      offer(at);
    }
    let left = 0;
    for (let i = 0; i < length; i = next[i]!) ids[left++] = ids[i]!;
    return left;
  }
}

/** Smallest `found` (rank) first, then the leftmost. */
class CandidateHeap {
  readonly #found: number[] = [];
  readonly #at: number[] = [];

  push(found: number, at: number): void {
    let i = this.#found.length;
    this.#found.push(found);
    this.#at.push(at);
    while (i > 0 && this.#less(i, (i - 1) >> 1)) {
      this.#swap(i, (i - 1) >> 1);
      i = (i - 1) >> 1;
    }
  }

  pop(): { found: number; at: number } | undefined {
    const last = this.#found.length - 1;
    if (last < 0) return undefined;
    this.#swap(0, last);
    const top = { found: this.#found.pop()!, at: this.#at.pop()! };
    for (let i = 0; ;) {
      const child = 2 * i + 2 < last && this.#less(2 * i + 2, 2 * i + 1) ? 2 * i + 2 : 2 * i + 1;
      if (child >= last || !this.#less(child, i)) return top;
      this.#swap(i, child);
      i = child;
    }
  }

  #less(a: number, b: number): boolean {
    const difference = this.#found[a]! - this.#found[b]!;
    return difference < 0 || (difference === 0 && this.#at[a]! < this.#at[b]!);
  }

  #swap(a: number, b: number): void {
    [this.#found[a], this.#found[b]] = [this.#found[b]!, this.#found[a]!];
    [this.#at[a], this.#at[b]] = [this.#at[b]!, this.#at[a]!];
  }
}
