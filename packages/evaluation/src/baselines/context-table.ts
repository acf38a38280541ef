// Which bytes followed which contexts, in bounded memory. A context is the last k ≤ 6 bytes; its key
// (k·2^48 + bytes) is exact in a double, so two contexts are never confused. Successors of a context are
// a linked list in one pool, the most recently found first. At the cap the rarest successors are dropped.
// Invariant: total(context) = Σ counts of its successors, distinct(context) = their number.

export const MAX_ORDER = 6;

export interface ContextTableLimits {
  /** Slots for contexts, a power of two; 18 bytes each. */
  maxContexts: number;
  /** Successors over all contexts; 9 bytes each. */
  maxSuccessors: number;
}

const NONE = 0xffffffff;
const MAX_LOAD = 0.7;

export class ContextTable {
  /** Successors seen once and twice, by order: what absolute discounting is estimated from. */
  readonly seenOnce = new Float64Array(MAX_ORDER + 1);
  readonly seenTwice = new Float64Array(MAX_ORDER + 1);
  /** How many times the table was thinned to stay within its limits. */
  numPrunings = 0;
  readonly #limits: ContextTableLimits;
  #keys = new Float64Array(1 << 14).fill(-1);
  #totals = new Uint32Array(1 << 14);
  #distinct = new Uint16Array(1 << 14);
  #heads = new Uint32Array(1 << 14).fill(NONE);
  #numContexts = 0;
  #symbols = new Uint8Array(1 << 15);
  #counts = new Uint32Array(1 << 15);
  #nexts = new Uint32Array(1 << 15);
  #numSuccessors = 0;

  constructor(limits: ContextTableLimits) {
    this.#limits = limits;
  }

  /** The slot of a context, or -1. Slots are valid until the next `increment`. */
  find(high: number, low: number, order: number): number {
    const slot = this.#probe(high, low, order);
    return this.#keys[slot] === -1 ? -1 : slot;
  }

  total(slot: number): number {
    return this.#totals[slot]!;
  }

  distinct(slot: number): number {
    return this.#distinct[slot]!;
  }

  count(slot: number, symbol: number): number {
    for (let at = this.#heads[slot]!; at !== NONE; at = this.#nexts[at]!) {
      if (this.#symbols[at] === symbol) return this.#counts[at]!;
    }
    return 0;
  }

  /** Calls back with each byte that followed the context and how often. */
  forEachSuccessor(slot: number, visit: (symbol: number, count: number) => void): void {
    for (let at = this.#heads[slot]!; at !== NONE; at = this.#nexts[at]!) {
      visit(this.#symbols[at]!, this.#counts[at]!);
    }
  }

  /** Counts one more `symbol` after the context; true when it was seen there before. */
  increment(high: number, low: number, order: number, symbol: number): boolean {
    let slot = this.#probe(high, low, order);
    if (this.#keys[slot] === -1) {
      if (this.#numContexts >= MAX_LOAD * this.#keys.length) {
        this.#makeRoomForContexts();
        slot = this.#probe(high, low, order);
      }
      this.#keys[slot] = toKey(high, low, order);
      this.#numContexts += 1;
    }
    this.#totals[slot]! += 1;
    let before = NONE;
    for (let at = this.#heads[slot]!; at !== NONE; before = at, at = this.#nexts[at]!) {
      if (this.#symbols[at] !== symbol) continue;
      this.#countAgain(at, order);
      // Most recent first: text repeats itself, so the next walk is short.
      if (before !== NONE) {
        this.#nexts[before] = this.#nexts[at]!;
        this.#nexts[at] = this.#heads[slot]!;
        this.#heads[slot] = at;
      }
      return true;
    }
    this.#addSuccessor(slot, symbol);
    this.seenOnce[order]! += 1;
    if (this.#numSuccessors >= this.#limits.maxSuccessors) this.#prune();
    return false;
  }

  #countAgain(at: number, order: number): void {
    const count = (this.#counts[at]! += 1);
    if (count === 2) {
      this.seenOnce[order]! -= 1;
      this.seenTwice[order]! += 1;
    } else if (count === 3) {
      this.seenTwice[order]! -= 1;
    }
  }

  #addSuccessor(slot: number, symbol: number): void {
    if (this.#numSuccessors === this.#symbols.length) {
      const size = 2 * this.#symbols.length;
      this.#symbols = grown(this.#symbols, new Uint8Array(size));
      this.#counts = grown(this.#counts, new Uint32Array(size));
      this.#nexts = grown(this.#nexts, new Uint32Array(size));
    }
    const at = this.#numSuccessors++;
    this.#symbols[at] = symbol;
    this.#counts[at] = 1;
    this.#nexts[at] = this.#heads[slot]!;
    this.#heads[slot] = at;
    this.#distinct[slot]! += 1;
  }

  #probe(high: number, low: number, order: number): number {
    const mask = this.#keys.length - 1;
    const key = toKey(high, low, order);
    let slot = hash(high, low, order) & mask;
    while (this.#keys[slot] !== key && this.#keys[slot] !== -1) slot = (slot + 1) & mask;
    return slot;
  }

  #makeRoomForContexts(): void {
    if (this.#keys.length < this.#limits.maxContexts) this.#rebuild(2 * this.#keys.length, 0);
    else this.#prune();
  }

  /** Drops ever more frequent successors until half is free; those of the shortest contexts go last. */
  #prune(): void {
    this.numPrunings += 1;
    for (let rare = 1; ; rare *= 2) {
      this.#rebuild(this.#keys.length, rare, rare > 16 ? 0 : 2);
      const crowded =
        this.#numSuccessors > this.#limits.maxSuccessors / 2 ||
        this.#numContexts > (MAX_LOAD * this.#keys.length) / 2;
      if (!crowded) return;
    }
  }

  /** Copies into tables of `numSlots`, dropping at `fromOrder` and above what was counted `rare` times or fewer. */
  #rebuild(numSlots: number, rare: number, fromOrder = 0): void {
    const old = { keys: this.#keys, heads: this.#heads };
    const pool = { symbols: this.#symbols, counts: this.#counts, nexts: this.#nexts };
    const poolSize = this.#symbols.length;
    this.#keys = new Float64Array(numSlots).fill(-1);
    this.#totals = new Uint32Array(numSlots);
    this.#distinct = new Uint16Array(numSlots);
    this.#heads = new Uint32Array(numSlots).fill(NONE);
    this.#symbols = new Uint8Array(poolSize);
    this.#counts = new Uint32Array(poolSize);
    this.#nexts = new Uint32Array(poolSize);
    this.#numContexts = 0;
    this.#numSuccessors = 0;
    this.seenOnce.fill(0);
    this.seenTwice.fill(0);
    for (const [from, key] of old.keys.entries()) {
      if (key === -1) continue;
      const order = Math.floor(key / 2 ** 48);
      const kept: number[] = [];
      for (let at = old.heads[from]!; at !== NONE; at = pool.nexts[at]!) {
        if (order < fromOrder || pool.counts[at]! > rare) kept.push(at);
      }
      if (kept.length === 0) continue;
      const slot = this.#probe(Math.floor(key / 2 ** 32) & 0xffff, key % 2 ** 32, order);
      this.#keys[slot] = key;
      this.#numContexts += 1;
      for (const at of kept.reverse()) {
        this.#addSuccessor(slot, pool.symbols[at]!);
        const count = (this.#counts[this.#numSuccessors - 1] = pool.counts[at]!);
        this.#totals[slot]! += count;
        if (count === 1) this.seenOnce[order]! += 1;
        if (count === 2) this.seenTwice[order]! += 1;
      }
    }
  }
}

function toKey(high: number, low: number, order: number): number {
  return (order * 65536 + high) * 4294967296 + low;
}

function hash(high: number, low: number, order: number): number {
  let mixed = Math.imul(low ^ Math.imul(high + (order << 16), 0x9e3779b1), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

function grown<Column extends Uint8Array | Uint32Array>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
