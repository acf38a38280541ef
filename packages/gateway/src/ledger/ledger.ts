// One row for each request. A request that ends before the next batch costs one insert. One that still runs
// then is written as it is, so that a process that dies leaves a trace of what it was doing.
import { Roster } from "../core/running/roster.ts";
import type { Rostered } from "../core/running/roster.ts";
import { SYSTEM_CLOCK } from "../state/clock.ts";
import type { Clock } from "../state/clock.ts";
import type { Contribution } from "../state/frozen-batch.ts";
import type { Contributor, StateWriter } from "../state/state-writer.ts";
import type { FinalLedgerEntry, NewLedgerEntry, OpenEntry } from "./ledger-entry.ts";
import { WRITE_OPEN, WRITE_SETTLED, toCost, toLedgerId, toOpenRow, toSettledRow } from "./ledger-rows.ts";

/** Younger requests may end before it is worth a row of their own. */
const MIN_OPEN_MS = 10;

export class Ledger implements Contributor {
  #clock: Clock;
  #writer: StateWriter;
  #number = 0;
  /** Running, no row yet. */
  readonly #unwritten = new Roster<Entry>();
  /** Running, row written under the current instance. */
  readonly #written = new Roster<Entry>();
  /** Ended, with an open row in the store and the final one on its way. */
  #replacing: Entry[] = [];
  /** The same, in the batch that is under way. */
  #replaced: Entry[] = [];

  constructor(writer: StateWriter, clock: Clock = SYSTEM_CLOCK) {
    this.#clock = clock;
    this.#writer = writer;
    writer.addContributor(this);
  }

  /** How many requests run. */
  get numOpen(): number {
    return this.#unwritten.size + this.#written.size;
  }

  /** Requests that were refused while too much waited to be written, and have no row. */
  numUnrecorded = 0;

  /** For a request that was admitted: `StateWriter.assertRoom` says whether there is room for its row. */
  open(entry: NewLedgerEntry): OpenEntry {
    this.#number += 1;
    const opened = new Entry(this, entry, this.#writer.instance, this.#number, this.#clock);
    this.#unwritten.add(opened);
    this.#writer.wake();
    return opened;
  }

  settle(entry: Entry, final: FinalLedgerEntry): void {
    const isWritten = this.#written.remove(entry);
    if (isWritten) this.#replacing.push(entry);
    else this.#unwritten.remove(entry);
    const { reservation, mirrorOf } = entry.entry;
    reservation?.settle(mirrorOf === undefined ? (toCost(final.costNano) ?? 0) : 0);
    if (final.outcome === "refused" && !isWritten && !this.#writer.hasRoom) {
      // Who is refused because the store is behind must not put it further behind.
      this.numUnrecorded += 1;
      return;
    }
    this.#writer.enqueue(WRITE_SETTLED, toSettledRow(entry, final));
  }

  collect(): Contribution | undefined {
    const youngestMs = this.#clock.monotonicMs() - MIN_OPEN_MS;
    const writing = this.#unwritten.list().filter(({ openedMs }) => openedMs <= youngestMs);
    if (writing.length < this.#unwritten.size) this.#writer.wake();
    const replaced = this.#replacing;
    if (writing.length === 0 && replaced.length === 0) return undefined;
    this.#replacing = [];
    this.#replaced = replaced;
    return {
      statements: [{ sql: WRITE_OPEN, rows: writing.map(toOpenRow) }],
      committed: () => {
        this.#replaced = [];
        for (const entry of writing) {
          if (this.#unwritten.remove(entry)) this.#written.add(entry);
          // It ended meanwhile; its final row is in the queue.
          else this.#replacing.push(entry);
        }
      },
      // Their final rows may yet be taken.
      voided: () => {
        for (const entry of writing) this.#unwritten.remove(entry);
      },
    };
  }

  /**
   * Whoever declared this instance dead has charged what its open rows said and marked them interrupted. Their
   * final rows still replace them; the charge is taken back.
   */
  fenced(): void {
    for (const entry of [...this.#written.list(), ...this.#replacing, ...this.#replaced]) {
      entry.entry.reservation?.correct(-(toCost(entry.entry.inputCostNano) ?? 0));
    }
    this.#written.clear();
    this.#replacing = [];
    this.#replaced = [];
    for (const entry of this.#unwritten.list()) entry.instance = this.#writer.instance;
  }
}

class Entry implements OpenEntry, Rostered {
  place = -1;
  readonly entry: NewLedgerEntry;
  readonly number: number;
  readonly atMs: number;
  readonly openedMs: number;
  /** Changes while no row is written, when this process goes on under a new number. */
  instance: number;
  #ledger: Ledger;
  #settled = false;

  constructor(ledger: Ledger, entry: NewLedgerEntry, instance: number, number: number, clock: Clock) {
    this.#ledger = ledger;
    this.entry = entry;
    this.instance = instance;
    this.number = number;
    this.atMs = clock.wallMs();
    this.openedMs = clock.monotonicMs();
  }

  get id(): string {
    return toLedgerId(this.instance, this.number);
  }

  settle(final: FinalLedgerEntry): void {
    if (this.#settled) throw new Error("a ledger entry is settled once");
    this.#settled = true;
    this.#ledger.settle(this, final);
  }
}
