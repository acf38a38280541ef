// Finds any of many words in one pass (Aho and Corasick 1975). Hooks take words and phrases, not regular
// expressions: the engine's own can take exponential time on a text that a client chose, a linear-time engine is
// not at hand, and a time limit would need a thread for each request. What words cannot say, a webhook can.

export type WordMatch = "word" | "anywhere";

const ROOT = 0;
const IS_WORD_CHARACTER = /[\p{L}\p{N}]/u;

export class WordSearch {
  readonly #match: WordMatch;
  /** node * 65536 + code unit → node. */
  readonly #next = new Map<number, number>();
  readonly #failure: number[] = [ROOT];
  /** Lengths of the words that end at a node, its suffixes' words included. */
  readonly #lengths: number[][] = [[]];
  /** Code units with which a word begins: most of a text is passed over by one look at this table. */
  readonly #begins = new Uint8Array(65_536);

  constructor(words: readonly string[], match: WordMatch) {
    this.#match = match;
    const children: [unit: number, node: number][][] = [[]];
    for (const word of words) this.#add(fold(word), children);
    this.#linkFailures(children);
  }

  /** Whether the text holds one of the words, case and compatibility forms (NFKC) aside. */
  found(text: string): boolean {
    const folded = fold(text);
    let node = ROOT;
    for (let at = 0; at < folded.length; at++) {
      const unit = folded.charCodeAt(at);
      if (node === ROOT && this.#begins[unit] === 0) continue;
      node = this.#step(node, unit);
      for (const length of this.#lengths[node]!) {
        if (this.#match === "anywhere" || isWhole(folded, at + 1 - length, at + 1)) return true;
      }
    }
    return false;
  }

  #add(word: string, children: [number, number][][]): void {
    let node = ROOT;
    for (let at = 0; at < word.length; at++) {
      const unit = word.charCodeAt(at);
      const key = node * 65_536 + unit;
      let child = this.#next.get(key);
      if (child === undefined) {
        child = this.#lengths.push([]) - 1;
        this.#next.set(key, child);
        children.push([]);
        children[node]!.push([unit, child]);
        if (node === ROOT) this.#begins[unit] = 1;
      }
      node = child;
    }
    if (node !== ROOT && !this.#lengths[node]!.includes(word.length)) this.#lengths[node]!.push(word.length);
  }

  /** Breadth first, so that a node's failure, which is shorter, is known when the node's turn comes. */
  #linkFailures(children: readonly [number, number][][]): void {
    const queue = [ROOT];
    for (const node of queue) {
      for (const [unit, child] of children[node]!) {
        const failure = node === ROOT ? ROOT : this.#step(this.#failure[node]!, unit);
        this.#failure[child] = failure;
        this.#lengths[child]!.push(...this.#lengths[failure]!);
        queue.push(child);
      }
    }
  }

  #step(from: number, unit: number): number {
    for (let node = from; ; node = this.#failure[node]!) {
      const next = this.#next.get(node * 65_536 + unit);
      if (next !== undefined) return next;
      if (node === ROOT) return ROOT;
    }
  }
}

function fold(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

function isWhole(text: string, start: number, end: number): boolean {
  return (
    !IS_WORD_CHARACTER.test(codePointBefore(text, start)) && !IS_WORD_CHARACTER.test(codePointAt(text, end))
  );
}

function codePointAt(text: string, at: number): string {
  const point = text.codePointAt(at);
  return point === undefined ? "" : String.fromCodePoint(point);
}

function codePointBefore(text: string, at: number): string {
  const unit = text.charCodeAt(at - 1);
  return codePointAt(text, unit >= 0xdc00 && unit <= 0xdfff ? at - 2 : at - 1);
}
