// Does a held-out document stand, nearly, in the training split? Shared runs of 13 words, the span that GPT-3
// looked for (Brown et al. 2020, arXiv 2005.14165, appendix C): when more than half of a document's distinct
// runs also occur in training, the score on it would measure memory, and it is dropped.

export const SHINGLE_WORDS = 13;
export const LEAKED_SHARE = 0.5;

const WORD = /[\p{L}\p{N}_]+/gu;
const BASE = 0x01000193;
/** BASE^13 mod 2^32: what the oldest word of a window has been multiplied by. */
const OUTGOING = Array.from({ length: SHINGLE_WORDS }).reduce<number>((power) => Math.imul(power, BASE), 1);

/** Shingles held at most; past it only those of a random half, quarter, … are looked at. */
const MAX_SHINGLES = 1 << 22;

export class LeakageCheck {
  readonly #maxShingles: number;
  /** Shingle → whether training has it. */
  #seen = new Map<number, boolean>();
  /** Only shingles whose low bits are all 0 count. */
  #sampleMask = 0;

  constructor(maxShingles: number = MAX_SHINGLES) {
    this.#maxShingles = maxShingles;
  }

  addHeldOut(text: string): void {
    for (const shingle of this.#sampled(text)) this.#seen.set(shingle, false);
    while (this.#seen.size > this.#maxShingles) {
      this.#sampleMask = (this.#sampleMask << 1) | 1;
      this.#seen = new Map([...this.#seen].filter(([shingle]) => (shingle & this.#sampleMask) === 0));
    }
  }

  addTraining(text: string): void {
    for (const shingle of this.#sampled(text)) if (this.#seen.has(shingle)) this.#seen.set(shingle, true);
  }

  /** Share of the document's distinct shingles that training has; 0 for one of fewer than 13 words. */
  sharedWithTraining(text: string): number {
    const distinct = new Set(this.#sampled(text));
    let shared = 0;
    for (const shingle of distinct) if (this.#seen.get(shingle) === true) shared++;
    return distinct.size === 0 ? 0 : shared / distinct.size;
  }

  *#sampled(text: string): Generator<number> {
    for (const shingle of shingles(text)) if ((shingle & this.#sampleMask) === 0) yield shingle;
  }
}

/** Rolling hashes (32 bits) of each run of 13 words, case folded. */
function* shingles(text: string): Generator<number> {
  const window = new Int32Array(SHINGLE_WORDS);
  let rolling = 0;
  let count = 0;
  for (const word of text.toLowerCase().match(WORD) ?? []) {
    const hash = hashWord(word);
    const slot = count % SHINGLE_WORDS;
    rolling = (Math.imul(rolling, BASE) + hash - Math.imul(window[slot]!, OUTGOING)) | 0;
    window[slot] = hash;
    count++;
    // A polynomial's low bits mix poorly, and sampling looks at them.
    if (count >= SHINGLE_WORDS) yield finish(rolling);
  }
}

/** FNV-1a over UTF-16 units. */
function hashWord(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return hash | 0;
}

function finish(value: number): number {
  let x = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) | 0;
}
