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
  /** Granted to this instance, and to all others. */
  granted: number;
  grantedElsewhere: number;
  wanted: number;
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
  /** Until then (monotonic) others lack what we might set aside: take no more than is needed. */
  scarceUntilMs = 0;
  /** Others' call for what lies idle here, as last seen. */
  wantedSeen: number | undefined;
  /** Most that was in use at once, and what was charged, since the last look for idle money. */
  peakInUse = 0;
  chargedSinceLook = 0;
  wantsSlice = false;
  /** Not before (monotonic) is the next slice asked for that nobody waits for. */
  sliceAfterMs = 0;
  isIdleCheckDue = false;
  /** This instance lacks what others hold; others lack what this one holds. */
  callsBack = false;
  calledBack = false;

  constructor(key: AccountKey, endsAt: number) {
    this.key = key;
    this.endsAt = endsAt;
    this.name = accountName(key);
  }

  get available(): number {
    return this.grant - this.reserved - this.charged;
  }

  reserve(amount: number): void {
    this.reserved += amount;
    const inUse = this.reserved + this.charged;
    if (inUse > this.peakInUse) this.peakInUse = inUse;
    // Ask for the next slice before the last is used up, so that nobody has to wait for it.
    if (this.grant < inUse * 2) this.wantsSlice = true;
  }

  settle(amount: number, cost: number): void {
    this.reserved -= amount;
    this.charge(cost);
  }

  charge(cost: number): void {
    this.charged += cost;
    this.chargedSinceLook += cost;
  }

  /** The store's word, at the end of a batch in which this account had a part. */
  learn(state: AccountState, scarceUntilMs: number): void {
    this.state = state;
    this.grant = state.granted;
    this.isOpen = true;
    this.isInDoubt = false;
    this.calledBack = false;
    if (this.wantedSeen !== undefined && this.wantedSeen !== state.wanted) {
      this.scarceUntilMs = scarceUntilMs;
      this.calledBack = this.available > 0;
    }
    this.wantedSeen = state.wanted;
  }

  /** Nothing of it is in use, waits to be written or is held. */
  get isIdle(): boolean {
    return this.reserved === 0 && this.charged === 0 && this.grant === 0 && !this.isInDoubt;
  }
}

export function accountName({ scope, scopeId, period, startsAt }: AccountKey): string {
  return `${scope} ${period} ${startsAt} ${scopeId}`;
}
