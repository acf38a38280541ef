// No overspend, under any concurrency, in one process and in several, without a question to the store for each
// request: `reserve` is plain arithmetic in memory as long as this instance's grant suffices (account.ts). Where
// it does not, the request waits for one batch, which asks for more. What lies idle goes back every second, at
// once when another instance calls for it, so that nobody is refused for long because of money that somebody
// else only holds.
import { SYSTEM_CLOCK } from "../state/clock.ts";
import type { Clock } from "../state/clock.ts";
import type { Key } from "../core/key.ts";
import type { Contribution } from "../state/frozen-batch.ts";
import type { Contributor, StateWriter } from "../state/state-writer.ts";
import { storeBehindError } from "../state/store-errors.ts";
import type { StateDatabase } from "../state/tables.ts";
import { toAsk } from "./account-ask.ts";
import type { WaitingSum } from "./account-ask.ts";
import type { Account, AccountState } from "./account.ts";
import { BudgetBook } from "./budget-book.ts";
import type { BudgetPlan } from "./budget-book.ts";
import { budgetExhaustedError } from "./budget-errors.ts";
import { toStatements, toStates } from "./grant-statements.ts";
import type { AccountOrder } from "./grant-statements.ts";
import { HeldReservation, NO_RESERVATION, affordableUnits, amountOf } from "./reservation.ts";
import type { Demand, Reservation } from "./reservation.ts";

export interface BudgetsOptions {
  clock?: Clock;
  /** How often changed budgets are looked for; default 500 ms, 0 never. */
  pollMs?: number;
  onError?: (error: unknown) => void;
}

interface Waiter {
  key: Key;
  demand: Demand;
  sinceMs: number;
  /** Part of the batch that is under way. */
  asked: boolean;
  /** Others took what that batch had brought. */
  wasLate?: boolean;
  resolve(reservation: Reservation): void;
  reject(error: unknown): void;
}

const TICK_MS = 200;
const IDLE_MS = 1_000;
/** How long the store is believed when it has said that nothing is left. */
const DRY_MS = 200;
const SCARCE_MS = 2_000;
/** How long a request waits for what others hold idle: they look every `TICK_MS`. */
const CALL_BACK_MS = 2_000;
const RETRY_MS = 50;
const MAX_WAIT_MS = 5_000;

export class Budgets implements Contributor {
  #clock: Clock;
  #writer: StateWriter;
  #book: BudgetBook;
  #onError: (error: unknown) => void;
  #waiters: Waiter[] = [];
  #charges = new Map<Account, number>();
  #numInstances = 1;
  #timers: NodeJS.Timeout[] = [];
  #askAgain: NodeJS.Timeout | undefined;
  #lookAll = false;
  #lastIdleMs: number;

  static async open(
    database: StateDatabase,
    writer: StateWriter,
    options: BudgetsOptions = {},
  ): Promise<Budgets> {
    const budgets = new Budgets(database, writer, options);
    await budgets.refresh();
    return budgets;
  }

  private constructor(database: StateDatabase, writer: StateWriter, options: BudgetsOptions) {
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#writer = writer;
    this.#book = new BudgetBook(database);
    this.#onError = options.onError ?? (() => {});
    this.#lastIdleMs = this.#clock.monotonicMs();
    writer.addContributor(this);
    const { pollMs = 500 } = options;
    this.#timers.push(setInterval(() => this.#tick(), TICK_MS).unref());
    if (pollMs > 0) {
      this.#timers.push(setInterval(() => void this.refresh().catch(this.#onError), pollMs).unref());
    }
  }

  /** How many gateways share the store, this one included. */
  setInstances(numInstances: number): void {
    this.#numInstances = Math.max(1, numInstances);
  }

  /** Reads changed budgets. Called on a timer; call it to see a change of this process at once. */
  async refresh(): Promise<void> {
    await this.#refresh(false);
  }

  async #refresh(always: boolean): Promise<void> {
    await this.#book.refresh(always);
    const wallMs = this.#clock.wallMs();
    // Those whose last budget was removed while they waited for it.
    const isFree = ({ key }: Waiter): boolean => this.#book.planOf(key, wallMs).accounts.length === 0;
    const free = this.#waiters.filter(isFree);
    this.#waiters = this.#waiters.filter((waiter) => !free.includes(waiter));
    for (const waiter of free) waiter.resolve(NO_RESERVATION);
  }

  /**
   * Sets aside what the request may cost at most, or less: as many units as every budget still allows, if at
   * least `minUnits`. A promise only when the store has to be asked. Errors: `gateway/budget-exhausted`,
   * `gateway/store-behind`.
   */
  reserve(key: Key, demand: Demand): Reservation | Promise<Reservation> {
    if (this.#book.isEmpty) return NO_RESERVATION;
    const plan = this.#book.planOf(key, this.#clock.wallMs());
    if (plan.accounts.length === 0) return NO_RESERVATION;
    if (!this.#writer.holdsLease) {
      throw storeBehindError("the database does not answer, and without it no budget can be kept");
    }
    const full = this.#take(plan, demand, demand.units);
    if (full !== undefined) return full;
    if (this.#isDry(plan, demand)) return this.#takeWhatIsLeft(plan, demand);
    return new Promise((resolve, reject) => {
      const sinceMs = this.#clock.monotonicMs();
      this.#waiters.push({ key, demand, sinceMs, asked: false, resolve, reject });
      this.#writer.flushSoon();
    });
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#askAgain);
    const error = storeBehindError("the gateway is closing");
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  collect(): Contribution | undefined {
    const nowMs = this.#clock.monotonicMs();
    this.#serveWhoFits();
    const asks = this.#sumUpWaiters();
    const orders: AccountOrder[] = [];
    const ordered: Account[] = [];
    const concerned = new Set([...this.#book.touched, ...asks.keys()]);
    this.#book.touched.clear();
    for (const account of concerned) {
      const order = this.#toOrder(account, asks.get(account), nowMs);
      if (order === undefined) continue;
      orders.push(order);
      ordered.push(account);
    }
    this.#lookAll = false;
    if (orders.length === 0) return undefined;
    orders.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    for (const waiter of this.#waiters) waiter.asked = true;
    return {
      statements: toStatements(this.#writer.instance, orders),
      committed: (results) => {
        this.#charges.clear();
        this.#learn(ordered, results === undefined ? undefined : toStates(results));
      },
      voided: () => {
        this.#restoreCharges();
        for (const account of ordered) this.#doubt(account);
      },
    };
  }

  fenced(): void {
    this.#restoreCharges();
    for (const account of this.#book.accounts.values()) {
      account.grant = 0;
      account.isOpen = false;
    }
    for (const waiter of this.#waiters) waiter.asked = false;
    this.#writer.flushSoon();
  }

  #restoreCharges(): void {
    for (const [account, charge] of this.#charges) {
      account.charged += charge;
      account.touch();
    }
    this.#charges.clear();
  }

  #doubt(account: Account): void {
    account.isInDoubt = true;
    account.touch();
  }

  #take({ accounts, periods }: BudgetPlan, demand: Demand, units: number): Reservation | undefined {
    const amount = amountOf(demand, units);
    // What costs nothing needs no money, even where too much was spent.
    if (amount > 0) {
      for (const account of accounts) if (account.available < amount) return undefined;
    }
    const held = new HeldReservation(accounts, amount, units, periods, () => this.#writer.wake());
    if (accounts.some((account) => account.wantsSlice)) this.#writer.wake();
    return held;
  }

  #isDry({ accounts }: BudgetPlan, demand: Demand): boolean {
    const amount = amountOf(demand, demand.units);
    const nowMs = this.#clock.monotonicMs();
    return accounts.every((account) => account.available >= amount || account.isDryFor(amount, nowMs));
  }

  /** Throws `gateway/budget-exhausted`. */
  #takeWhatIsLeft(plan: BudgetPlan, demand: Demand): Reservation {
    const [tightest] = plan.accounts.toSorted((a, b) => a.available - b.available);
    const units = affordableUnits(demand, tightest!.available);
    const held = units >= demand.minUnits && units >= 0 ? this.#take(plan, demand, units) : undefined;
    if (held !== undefined) return held;
    throw budgetExhaustedError(tightest!.key.scope, tightest!.key.period, new Date(tightest!.endsAt));
  }

  /** What came free meanwhile may do for some who wait; the others then lack something, and ask for it. */
  #serveWhoFits(): void {
    const wallMs = this.#clock.wallMs();
    this.#waiters = this.#waiters.filter(({ key, demand, resolve }) => {
      const held = this.#take(this.#book.planOf(key, wallMs), demand, demand.units);
      if (held !== undefined) resolve(held);
      return held === undefined;
    });
  }

  #sumUpWaiters(): Map<Account, WaitingSum> {
    const asks = new Map<Account, WaitingSum>();
    const wallMs = this.#clock.wallMs();
    for (const { key, demand } of this.#waiters) {
      const full = amountOf(demand, demand.units);
      const least = amountOf(demand, demand.minUnits);
      for (const account of this.#book.planOf(key, wallMs).accounts) {
        const ask = asks.get(account);
        if (ask === undefined) asks.set(account, { need: full, floor: least });
        else {
          ask.need += full;
          ask.floor = Math.min(ask.floor, least);
        }
      }
    }
    return asks;
  }

  #toOrder(account: Account, waiting: WaitingSum | undefined, nowMs: number): AccountOrder | undefined {
    const charge = account.charged;
    // Two that wait for each other's idle money would both be refused: who is called gives way, and asks later.
    const yields = waiting !== undefined && account.isCalledByOthers;
    const spare = this.#spareOf(account, waiting !== undefined && !yields, nowMs);
    const ask = yields && spare > 0 ? undefined : toAsk(account, waiting, nowMs);
    const look = this.#lookAll && this.#numInstances > 1 && account.grant > 0;
    const answer = account.calledBack ? account.wantedSeen : undefined;
    const callBack = waiting !== undefined && account.callsBack;
    account.callsBack = callBack;
    if (waiting === undefined) account.calledWith = undefined;
    const isQuiet = charge === 0 && spare === 0 && ask === undefined && answer === undefined;
    if (isQuiet && !account.isInDoubt && !look) return undefined;
    const release = Math.min(Math.max(charge, 0), account.grant) + spare;
    account.grant -= release;
    account.charged = 0;
    this.#charges.set(account, charge);
    account.calledBack = false;
    const { key, endsAt } = account;
    return { key, endsAt, open: !account.isOpen, charge, release, ask, answer, callBack };
  }

  /** What of the grant is to be given back now. */
  #spareOf(account: Account, isWaitedFor: boolean, nowMs: number): number {
    if (isWaitedFor || account.available <= 0) return 0;
    if (account.calledBack || account.endsAt <= this.#clock.wallMs()) return account.available;
    if (!account.isIdleCheckDue) return 0;
    account.isIdleCheckDue = false;
    const keep = account.takeKeep(account.scarceUntilMs > nowMs);
    const spare = Math.min(account.available, account.grant - keep);
    return spare > account.grant / 8 ? spare : 0;
  }

  #learn(ordered: readonly Account[], states: ReadonlyMap<string, AccountState> | undefined): void {
    const nowMs = this.#clock.monotonicMs();
    for (const account of ordered) {
      if (states === undefined) {
        this.#doubt(account);
        continue;
      }
      const state = states.get(account.name);
      if (state === undefined) this.#forget(account);
      else account.learn(state, nowMs + SCARCE_MS, account.callsBack);
      account.callsBack = false;
      if (account.calledBack) this.#writer.wake();
    }
    if (states === undefined) this.#writer.flushSoon();
    else this.#serveWaiters(nowMs);
  }

  /** Its budget was removed, perhaps to be set anew. */
  #forget(account: Account): void {
    account.isOpen = false;
    account.isInDoubt = false;
    account.grant = 0;
    void this.#refresh(true).catch(this.#onError);
  }

  #serveWaiters(nowMs: number): void {
    const wallMs = this.#clock.wallMs();
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      const plan = this.#book.planOf(waiter.key, wallMs);
      const held =
        plan.accounts.length === 0 ? NO_RESERVATION : this.#take(plan, waiter.demand, waiter.demand.units);
      if (held !== undefined) {
        waiter.resolve(held);
        continue;
      }
      const isLate = isThere(plan, waiter);
      // Somebody was faster: it is asked for once more, the first time at once.
      if (isLate && waiter.wasLate !== true) {
        waiter.asked = false;
        waiter.wasLate = true;
      }
      if (!waiter.asked || isLate || this.#mayYetCome(plan, waiter, nowMs)) this.#waiters.push(waiter);
      else this.#endWait(plan, waiter, nowMs);
    }
    if (this.#waiters.some(({ asked }) => !asked)) this.#writer.flushSoon();
    else if (this.#waiters.length > 0) this.#askAgain ??= setTimeout(() => this.#retryWaiters(), RETRY_MS);
  }

  #retryWaiters(): void {
    this.#askAgain = undefined;
    if (this.#waiters.length > 0) this.#writer.flushSoon();
  }

  /** Others hold what is lacking, and may give it back. */
  #mayYetCome({ accounts }: BudgetPlan, { demand, sinceMs }: Waiter, nowMs: number): boolean {
    if (nowMs - sinceMs >= CALL_BACK_MS) return false;
    const full = amountOf(demand, demand.units);
    const lacking = accounts.filter((account) => account.available < full);
    if (lacking.some((account) => !account.isOpen)) return true;
    if (!lacking.every((account) => account.mayGetMore && !account.isDryFor(full, nowMs))) return false;
    for (const account of lacking) account.callsBack = account.calledWith === undefined;
    return true;
  }

  #endWait(plan: BudgetPlan, waiter: Waiter, nowMs: number): void {
    const { units, minUnits } = waiter.demand;
    const full = amountOf(waiter.demand, units);
    const least = Math.max(1, amountOf(waiter.demand, minUnits));
    for (const account of plan.accounts) {
      if (account.available >= full) continue;
      account.ranDry(least, nowMs, nowMs + DRY_MS);
      account.calledWith = undefined;
      account.callsBack = false;
    }
    try {
      waiter.resolve(this.#takeWhatIsLeft(plan, waiter.demand));
    } catch (error) {
      waiter.reject(error);
    }
  }

  #tick(): void {
    const nowMs = this.#clock.monotonicMs();
    const late = this.#waiters.filter(({ sinceMs }) => nowMs - sinceMs >= MAX_WAIT_MS);
    if (late.length > 0) {
      this.#waiters = this.#waiters.filter((waiter) => !late.includes(waiter));
      const error = storeBehindError(
        "the database did not answer in time whether a budget allows the request",
      );
      for (const waiter of late) waiter.reject(error);
    }
    if (nowMs - this.#lastIdleMs >= IDLE_MS) {
      this.#lastIdleMs = nowMs;
      for (const account of this.#book.accounts.values()) account.isIdleCheckDue = true;
      this.#book.sweep(this.#clock.wallMs());
    }
    this.#lookAll = true;
    for (const account of this.#book.accounts.values()) if (account.grant > 0) account.touch();
    if (this.#book.touched.size > 0) this.#writer.wake();
  }
}

/** Whether the store has what is lacking, and nobody holds it. */
function isThere({ accounts }: BudgetPlan, { demand }: Waiter): boolean {
  const full = amountOf(demand, demand.units);
  return accounts.every((account) => account.available + account.unspent >= full);
}

function nameOf({ key }: AccountOrder): string {
  return `${key.scope} ${key.period} ${key.startsAt} ${key.scopeId}`;
}
