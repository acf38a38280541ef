// Byte-level BPE training (Sennrich et al. 2016, arXiv 1508.07909; Radford et al. 2019): count the unique
// pre-tokens, then merge the most frequent adjacent pair until the vocabulary is full. Counts of pairs are
// kept up to date by each merge and the best pair comes from a heap with lazy correction. Deterministic:
// of equally frequent pairs the one of smaller ids wins, which is Hugging Face's rule too.
import { HomegrownError } from "@homegrown/contracts";
import type { ProgressListener, TokenizerJson } from "@homegrown/contracts";
import { BYTE_ORDER, BYTE_TO_CHAR } from "./byte-alphabet.ts";
import { PairHeap } from "./pair-heap.ts";
import { countPieces } from "./piece-counts.ts";
import type { PieceCounts } from "./piece-counts.ts";
import { SPECIAL_TOKENS } from "./special-tokens.ts";
import { makeTokenizerJson } from "./tokenizer-files.ts";

export interface TrainBpeOptions {
  /** Single bytes, merges and special tokens together. Fewer come out when the text has too few pairs. */
  vocabSize: number;
  /** Default: `SPECIAL_TOKENS`. */
  specialTokens?: readonly string[];
  /** A pair seen less often is not merged. Default 2. */
  minFrequency?: number;
  /** Bound on unique pre-tokens held at once; past it the rarest are forgotten. Default 1,000,000. */
  maxUniquePieces?: number;
  onProgress?: ProgressListener;
  signal?: AbortSignal;
}

const MERGES_PER_TURN = 256;

/**
 * A Hugging Face `tokenizer.json` object trained on `texts`; each is normalised to NFC first.
 * @throws `tokenization/impossible-vocabulary`, `tokenization/no-text`.
 */
export async function trainBpe(
  texts: AsyncIterable<string> | Iterable<string>,
  options: TrainBpeOptions,
): Promise<TokenizerJson> {
  const specialTokens = options.specialTokens ?? SPECIAL_TOKENS;
  const smallest = 256 + specialTokens.length;
  if (!Number.isInteger(options.vocabSize) || options.vocabSize < smallest || options.vocabSize > 1 << 20) {
    throw new HomegrownError({
      code: "tokenization/impossible-vocabulary",
      kind: "invalid-input",
      message: `a vocabulary of ${options.vocabSize} is impossible: expected a whole number from ${smallest} (256 bytes and ${specialTokens.length} special tokens) to ${1 << 20}`,
      hint: "Choose for example 2048 for a megabyte of text, 8192 for a hundred.",
    });
  }
  const counts = await countPieces(texts, options.maxUniquePieces ?? 1_000_000, options.signal);
  if (counts.size === 0) {
    throw new HomegrownError({
      code: "tokenization/no-text",
      kind: "invalid-input",
      message: "the tokenizer got no text to learn from",
      hint: "Give it at least one document that is not empty.",
    });
  }
  const merger = new PairMerger(counts, options.vocabSize - specialTokens.length);
  const numMerges = options.vocabSize - smallest;
  while (merger.mergeBest(options.minFrequency ?? 2)) {
    const done = merger.numTokens - 256;
    if (merger.merges.length % MERGES_PER_TURN === 0) {
      options.onProgress?.({ event: "tokenizer-train", done, total: numMerges, unit: "merges" });
      await new Promise((resolve) => setImmediate(resolve));
      options.signal?.throwIfAborted();
    }
  }
  options.onProgress?.({ event: "tokenizer-train", done: numMerges, total: numMerges, unit: "merges" });
  return makeTokenizerJson(merger.spelledMerges(), specialTokens);
}

/** All unique pre-tokens as symbol sequences, with the counts of their adjacent pairs. */
class PairMerger {
  readonly merges: [left: number, right: number][] = [];
  readonly #maxTokens: number;
  readonly #stride: number;
  readonly #spellings: string[] = BYTE_ORDER.map((byte) => BYTE_TO_CHAR[byte]!);
  readonly #idOf: Map<string, number>;
  readonly #symbols: Int32Array;
  readonly #starts: Int32Array;
  readonly #lengths: Int32Array;
  readonly #weights: Float64Array;
  /** left · stride + right → occurrences. */
  readonly #pairCounts = new Map<number, number>();
  /** Pair → words that have, or had, it. */
  readonly #wordsOf = new Map<number, number[]>();
  readonly #heap = new PairHeap();

  constructor(counts: PieceCounts, maxTokens: number) {
    this.#maxTokens = maxTokens;
    this.#stride = 2 ** Math.ceil(Math.log2(maxTokens));
    this.#idOf = new Map(this.#spellings.map((spelling, id) => [spelling, id]));
    const byteToId = new Int32Array(256);
    BYTE_ORDER.forEach((byte, id) => (byteToId[byte] = id));
    const pieces = [...counts].map(([piece, count]) => ({ bytes: Buffer.from(piece), count }));
    this.#starts = new Int32Array(pieces.length);
    this.#lengths = new Int32Array(pieces.length);
    this.#weights = new Float64Array(pieces.length);
    this.#symbols = new Int32Array(pieces.reduce((sum, { bytes }) => sum + bytes.length, 0));
    let start = 0;
    pieces.forEach(({ bytes, count }, word) => {
      this.#starts[word] = start;
      this.#lengths[word] = bytes.length;
      this.#weights[word] = count;
      for (const byte of bytes) this.#symbols[start++] = byteToId[byte]!;
      for (let i = start - bytes.length; i + 1 < start; i++) {
        this.#count(this.#symbols[i]!, this.#symbols[i + 1]!, count, word);
      }
    });
    for (const [pair, count] of this.#pairCounts) this.#heap.push(count, pair);
  }

  get numTokens(): number {
    return this.#spellings.length;
  }

  spelledMerges(): [string, string][] {
    return this.merges.map(([left, right]) => [this.#spellings[left]!, this.#spellings[right]!]);
  }

  /** Merges the most frequent pair everywhere. False: the vocabulary is full, or no pair is frequent enough. */
  mergeBest(minFrequency: number): boolean {
    if (this.numTokens >= this.#maxTokens) return false;
    for (let top = this.#heap.pop(); top !== undefined; top = this.#heap.pop()) {
      const count = this.#pairCounts.get(top.pair) ?? 0;
      if (count !== top.count) {
        // The count fell since it was pushed: back in with the true one.
        if (count > 0 && count < top.count) this.#heap.push(count, top.pair);
        continue;
      }
      if (count < Math.max(1, minFrequency)) return false;
      this.#merge(top.pair);
      return true;
    }
    return false;
  }

  #merge(pair: number): void {
    const right = pair % this.#stride;
    const left = (pair - right) / this.#stride;
    const spelling = this.#spellings[left]! + this.#spellings[right]!;
    // The same bytes may have been reached by other merges: then the token exists, and only the merge is new.
    let merged = this.#idOf.get(spelling);
    if (merged === undefined) {
      merged = this.#spellings.push(spelling) - 1;
      this.#idOf.set(spelling, merged);
    }
    this.merges.push([left, right]);
    const words = this.#wordsOf.get(pair) ?? [];
    this.#wordsOf.delete(pair);
    this.#pairCounts.delete(pair);
    const grown = new Set<number>();
    for (const word of words) this.#mergeInWord(word, left, right, merged, grown);
    // Inside a word, runs such as "aaaa" count the merged pair against itself.
    this.#pairCounts.delete(pair);
    for (const other of grown) {
      const count = this.#pairCounts.get(other) ?? 0;
      if (count > 0) this.#heap.push(count, other);
    }
  }

  #mergeInWord(word: number, left: number, right: number, merged: number, grown: Set<number>): void {
    const symbols = this.#symbols;
    const start = this.#starts[word]!;
    const end = start + this.#lengths[word]!;
    const weight = this.#weights[word]!;
    let write = start;
    for (let read = start; read < end; read++) {
      if (symbols[read] !== left || read + 1 >= end || symbols[read + 1] !== right) {
        symbols[write++] = symbols[read]!;
        continue;
      }
      if (write > start) {
        const before = symbols[write - 1]!;
        this.#count(before, left, -weight, word);
        grown.add(this.#count(before, merged, weight, word));
      }
      if (read + 2 < end) {
        const after = symbols[read + 2]!;
        this.#count(right, after, -weight, word);
        grown.add(this.#count(merged, after, weight, word));
      }
      symbols[write++] = merged;
      read++;
    }
    this.#lengths[word] = write - start;
  }

  #count(left: number, right: number, change: number, word: number): number {
    const pair = left * this.#stride + right;
    this.#pairCounts.set(pair, (this.#pairCounts.get(pair) ?? 0) + change);
    if (change > 0) {
      const words = this.#wordsOf.get(pair);
      if (words === undefined) this.#wordsOf.set(pair, [word]);
      else if (words[words.length - 1] !== word) words.push(word);
    }
    return pair;
  }
}
