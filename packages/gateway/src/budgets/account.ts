// One budget in one period, as this instance knows it. The store holds limit and spent, and for each instance a
// grant: money set aside that the instance may spend without asking. The invariant, under the store's lock, is
// spent + all grants <= limit; below that everything here is plain arithmetic in memory:
//
//   available = grant - reserved - charged
//
// where `charged` is what was settled and waits to be written: then it leaves the grant and becomes spent.
import type { BudgetPeriod, BudgetScope } from "../state/tables.ts";

export interface AccountKey {
  scope: BudgetScope;
  scopeId: string;
  period: BudgetPeriod;
  startsAt: number;
}

/** What the store says of a budget's period. */
export interface AccountState {
  limit: number;
  spent: number;
  /** Granted to this instance (undefined: it has no row, somebody removed the budget), and to all others. */
  granted: number | undefined;
  grantedElsewhere: number;
  wanted: number;
  /** Up to which `wanted` everybody else who holds something has given back what lies idle. */
  answeredElsewhere: number;
}

export class Account {
  readonly name: string;
  readonly key: AccountKey;
  readonly endsAt: number;
  /** Whether the store has a row for this period and for this instance's grant. */
  isOpen = false;
  /** Whether the answer to a commit was lost, and the grant must be read again. */
  isInDoubt = false;
  grant = 0;
  reserved = 0;
  charged = 0;
  state: AccountState | undefined;
  /** Until then (monotonic) asking the store for more is pointless: it just had nothing. */
  dryUntilMs = 0;
  /** Then it had not even as much as this. */
  #dryFrom = 0;
  /** Until then (monotonic) others lack what we might set aside: take no more than is needed. */
  scarceUntilMs = 0;
  /** Others' call for what lies idle here, as last seen. */
  wantedSeen: number | undefined;
  /** Most that was in use at once, and what was charged, since the last look for idle money. */
  peakInUse = 0;
  /** Of the last reservation. */
  lastAmount = 0;
  chargedSinceLook = 0;
  #chargedBefore = 0;
  #touched: Set<Account>;
  wantsSlice = false;
  /** Not before (monotonic) is the next slice asked for that nobody waits for. */
  sliceAfterMs = 0;
  isIdleCheckDue = false;
  /** This instance lacks what others hold: it calls with the next batch; it has called, with this `wanted`. */
  callsBack = false;
  calledWith: number | undefined;
  /** Others lack what this one holds. */
  calledBack = false;

  /** `touched` gathers the accounts that may have something to say in the next batch. */
  constructor(key: AccountKey, endsAt: number, touched: Set<Account>) {
    this.#touched = touched;
    this.key = key;
    this.endsAt = endsAt;
    this.name = accountName(key);
  }

  get available(): number {
    return this.grant - this.reserved - this.charged;
  }

  get inUse(): number {
    return this.reserved + this.charged;
  }

  /** Others hold what is lacking here, and have not yet said that they need it. */
  get mayGetMore(): boolean {
    if (this.state === undefined) return true;
    if (this.state.grantedElsewhere === 0) return false;
    return this.calledWith === undefined || this.state.answeredElsewhere < this.calledWith;
  }

  /** What nobody holds, by the store's last word. */
  get unspent(): number {
    if (this.state === undefined) return 0;
    const { limit, spent, granted = 0, grantedElsewhere } = this.state;
    return limit - spent - granted - grantedElsewhere;
  }

  /** Whether the store just had less than this; less than that it may still have. */
  isDryFor(amount: number, nowMs: number): boolean {
    return this.dryUntilMs > nowMs && amount >= this.#dryFrom;
  }

  /** Not even `least` was to be had. */
  ranDry(least: number, nowMs: number, untilMs: number): void {
    this.#dryFrom = this.dryUntilMs > nowMs ? Math.min(this.#dryFrom, least) : least;
    this.dryUntilMs = untilMs;
  }

  /** Others called for what lies idle here, and not because this one had called. */
  get isCalledByOthers(): boolean {
    return this.calledBack && this.wantedSeen !== this.calledWith;
  }

  /** A grant with which the next requests need not wait, if they are like the last ones. */
  get wishedGrant(): number {
    return 2 * this.inUse + this.#soon;
  }

  /** What a second like the last one uses, and a few requests more. */
  get #soon(): number {
    return Math.max(this.chargedSinceLook, this.#chargedBefore) + 8 * this.lastAmount;
  }

  touch(): void {
    this.#touched.add(this);
  }

  reserve(amount: number): void {
    this.reserved += amount;
    this.lastAmount = amount;
    if (this.inUse > this.peakInUse) this.peakInUse = this.inUse;
    // Ask for the next slice before the last is used up, so that nobody has to wait for it.
    if (this.available * 4 >= this.#soon) return;
    this.wantsSlice = true;
    this.touch();
  }

  settle(amount: number, cost: number): void {
    this.reserved -= amount;
    this.charge(cost);
  }

  charge(cost: number): void {
    this.charged += cost;
    this.chargedSinceLook += cost;
    this.touch();
  }

  /** The store's word, at the end of a batch in which this account had a part. */
  learn(state: AccountState, scarceUntilMs: number, hasCalled: boolean): void {
    this.state = state;
    this.grant = state.granted ?? 0;
    this.isOpen = state.granted !== undefined;
    this.isInDoubt = false;
    this.calledBack = false;
    if (this.wantedSeen !== undefined && this.wantedSeen !== state.wanted) {
      this.scarceUntilMs = scarceUntilMs;
      this.calledBack = true;
      this.touch();
    }
    if (hasCalled) this.calledWith = state.wanted;
    this.wantedSeen = state.wanted;
  }

  /** How much of the grant is not idle, by what was used since the last call: nothing if nothing was. */
  takeKeep(isScarce: boolean): number {
    const wasUsed = this.peakInUse > 0 || this.chargedSinceLook > 0;
    const keep = isScarce || !wasUsed ? 0 : 2 * this.peakInUse + this.#soon;
    this.#chargedBefore = this.chargedSinceLook;
    this.peakInUse = this.inUse;
    this.chargedSinceLook = 0;
    return keep;
  }

  /** Nothing of it is in use, waits to be written or is held. */
  get isIdle(): boolean {
    return this.reserved === 0 && this.charged === 0 && this.grant === 0 && !this.isInDoubt;
  }
}

export function accountName({ scope, scopeId, period, startsAt }: AccountKey): string {
  return `${scope} ${period} ${startsAt} ${scopeId}`;
}
