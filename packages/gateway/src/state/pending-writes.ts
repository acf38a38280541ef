// Written behind and bounded by size: what is added goes to the store moments later, in groups, and can be looked
// up and taken back until then. For things that may be megabytes each and that a kill may lose; the ledger, which
// may lose nothing, has `state-writer.ts`.
import { HomegrownError } from "@homegrown/contracts";
import type { BatchStatement, Database } from "@homegrown/storage";

export interface PendingWritesOptions<Item> {
  database: Pick<Database<unknown>, "batch">;
  statementsOf(items: readonly Item[]): BatchStatement[];
  /** Roughly bytes. */
  sizeOf(item: Item): number;
  /** Beyond so much that waits, `accepting` is false; default 64 Mi. */
  maxWaiting?: number;
  /** Told why writing failed; unless `lost` is given, it is tried again. */
  onFault(error: unknown, lost?: Item): void;
}

const MAX_WAITING = 64 * 1024 * 1024;
const MAX_GROUP = 100;
/** A group that copies more than this to the store at once would hold up the event loop. */
const MAX_GROUP_SIZE = 4 * 1024 * 1024;
const RETRY_MS = 1000;

export class PendingWrites<Item extends object> {
  readonly #options: PendingWritesOptions<Item>;
  /** By the caller's name for it; an entry leaves once it is written. */
  readonly #pending = new Map<string, Item>();
  #waiting = 0;
  #inFlight = new Set<Item>();
  #writing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #fault: unknown;

  constructor(options: PendingWritesOptions<Item>) {
    this.#options = options;
  }

  get accepting(): boolean {
    return this.#waiting < (this.#options.maxWaiting ?? MAX_WAITING);
  }

  /** What waits under the same name is replaced. */
  add(place: string, item: Item): void {
    this.#forget(place);
    this.#pending.set(place, item);
    this.#waiting += this.#options.sizeOf(item);
    if (this.#retry === undefined) this.#writing ??= this.#write();
  }

  get(place: string): Item | undefined {
    return this.#pending.get(place);
  }

  values(): Iterable<Item> {
    return this.#pending.values();
  }

  /**
   * Forgets what waits and matches; resolves to how many will never be written. What is being written is waited
   * for, so that the database can delete (and count) it.
   */
  async drop(matches: (item: Item) => boolean): Promise<number> {
    let numDropped = 0;
    let waits = false;
    for (const [place, item] of this.#pending) {
      if (!matches(item)) continue;
      this.#forget(place);
      if (this.#inFlight.has(item)) waits = true;
      else numDropped++;
    }
    // An earlier item of the same name may be on its way although it no longer waits.
    for (const item of this.#inFlight) waits ||= matches(item);
    if (waits) await this.#writing;
    return numDropped;
  }

  async flush(): Promise<void> {
    while (this.#pending.size > 0) {
      clearTimeout(this.#retry);
      this.#retry = undefined;
      this.#writing ??= this.#write();
      await this.#writing;
      if (this.#retry !== undefined) throw this.#fault;
    }
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      clearTimeout(this.#retry);
    }
  }

  /** Writes what waits, and what comes meanwhile; on failure it stops and tries again later. */
  async #write(): Promise<void> {
    // What is added in one turn of the event loop goes together.
    await Promise.resolve();
    try {
      while (this.#pending.size > 0) {
        const group = this.#nextGroup();
        if (await this.#commit(group)) continue;
        for (const one of group) await this.#commit([one]);
      }
    } catch (error) {
      this.#fault = error;
      this.#options.onFault(error);
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        this.#writing ??= this.#write();
      }, RETRY_MS);
      this.#retry.unref();
    } finally {
      this.#inFlight = new Set();
      this.#writing = undefined;
    }
  }

  #nextGroup(): [place: string, item: Item][] {
    const group: [string, Item][] = [];
    let size = 0;
    for (const entry of this.#pending) {
      size += this.#options.sizeOf(entry[1]);
      if (group.length === MAX_GROUP || (group.length > 0 && size > MAX_GROUP_SIZE)) break;
      group.push(entry);
    }
    return group;
  }

  /**
   * False where something in the group cannot be written: then each is to be tried alone, and one that is at
   * fault itself is given up, so that it does not stand in the way of the others for ever.
   */
  async #commit(group: readonly [place: string, item: Item][]): Promise<boolean> {
    const wanted = group.filter(([place, item]) => this.#pending.get(place) === item);
    if (wanted.length === 0) return true;
    this.#inFlight = new Set(wanted.map(([, item]) => item));
    try {
      await this.#options.database.batch(this.#options.statementsOf([...this.#inFlight]));
    } catch (error) {
      if (!isOfTheContent(error)) throw error;
      if (group.length > 1) return false;
      this.#options.onFault(error, wanted[0]![1]);
    }
    for (const [place, item] of wanted) {
      if (this.#pending.get(place) === item) this.#forget(place);
    }
    return true;
  }

  #forget(place: string): void {
    const item = this.#pending.get(place);
    if (item === undefined) return;
    this.#waiting -= this.#options.sizeOf(item);
    this.#pending.delete(place);
  }
}

/** Not of the store's state: trying again would fail again. */
function isOfTheContent(error: unknown): boolean {
  return error instanceof HomegrownError && error.kind !== "unavailable" && error.kind !== "overloaded";
}
