// An order-k Markov model over bytes with Witten-Bell interpolation:
//   P_k(b|h) = (c(h,b) + T(h) P_{k-1}(b|h')) / (c(h) + T(h)),   P_{-1}(b) = 1/257
// where c counts, T(h) is the number of distinct successors of h, and h' is h without its oldest byte.
// A real language model small enough for tests: its probabilities sum to one for every history.

/** Bytes 0…255, then the end of the text. */
export const END_OF_TEXT = 256;
export const NUM_SYMBOLS = 257;

interface Successors {
  total: number;
  counts: Map<number, number>;
}

export class ByteMarkov {
  readonly order: number;
  readonly #successors = new Map<string, Successors>();

  constructor(documents: readonly string[], order: number) {
    this.order = order;
    for (const document of documents) {
      const bytes = Buffer.from(document, "utf8");
      for (let i = 0; i <= bytes.length; i++) {
        this.#count(bytes.subarray(Math.max(0, i - order), i), bytes[i] ?? END_OF_TEXT);
      }
    }
  }

  #count(history: Buffer, symbol: number): void {
    for (let start = 0; start <= history.length; start++) {
      const key = history.toString("latin1", start);
      let entry = this.#successors.get(key);
      if (!entry) this.#successors.set(key, (entry = { total: 0, counts: new Map() }));
      entry.total++;
      entry.counts.set(symbol, (entry.counts.get(symbol) ?? 0) + 1);
    }
  }

  /** Natural log-probability of every symbol after the given bytes. */
  logProbabilities(history: readonly number[]): Float64Array {
    const probabilities = new Float64Array(NUM_SYMBOLS).fill(1 / NUM_SYMBOLS);
    const recent = Buffer.from(history.slice(-this.order));
    for (let start = recent.length; start >= 0; start--) {
      const entry = this.#successors.get(recent.toString("latin1", start));
      if (!entry) break;
      const distinct = entry.counts.size;
      const norm = entry.total + distinct;
      for (let symbol = 0; symbol < NUM_SYMBOLS; symbol++) probabilities[symbol]! *= distinct / norm;
      for (const [symbol, count] of entry.counts) probabilities[symbol]! += count / norm;
    }
    return probabilities.map(Math.log);
  }
}
