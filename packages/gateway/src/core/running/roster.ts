// Who is at work, for what comes and goes by the thousand a second. A Set would do, but V8 leaves a Set's outgrown
// tables linked one to the next with what they held: once one of them is old, all later requests live on until a
// full collection, and half of a busy gateway's memory is dead requests.

export interface Rostered {
  /** Kept by the roster; -1 outside of one. */
  place: number;
}

/** An item is in one roster at a time. Order is not kept. */
export class Roster<Item extends Rostered> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: Item): void {
    item.place = this.#items.length;
    this.#items.push(item);
  }

  /** False where it is not in this roster. */
  remove(item: Item): boolean {
    const { place } = item;
    if (place < 0 || this.#items[place] !== item) return false;
    const last = this.#items.pop()!;
    if (last !== item) {
      this.#items[place] = last;
      last.place = place;
    }
    item.place = -1;
    return true;
  }

  /** A copy: whoever goes through it may remove as he goes. */
  list(): Item[] {
    return [...this.#items];
  }

  clear(): void {
    for (const item of this.#items) item.place = -1;
    this.#items.length = 0;
  }
}
