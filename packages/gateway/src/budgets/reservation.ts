import type { Account } from "./account.ts";

/** What a request may cost: `fixedNano` whatever happens, and `perUnitNano` for each of `units` (output tokens). */
export interface Demand {
  /** Upper bounds in nano-dollars; they may be fractions. */
  fixedNano: number;
  perUnitNano: number;
  /** As many as the request could use. */
  units: number;
  /** Fewer than these are of no use to it. */
  minUnits: number;
}

/** Money set aside for one request in every budget that applies. End it exactly once. */
export interface Reservation {
  /** How many units the budgets allow; `Infinity` where none applies. */
  readonly units: number;
  /** Starts of the UTC day and month it counts in; undefined where no budget applies. */
  readonly periods: { day: number; month: number } | undefined;
  /** Charges whole nano-dollars, also beyond what was reserved, and frees the rest. */
  settle(costNano: number): void;
  /** Nothing was spent. */
  release(): void;
  /** Charges, or takes back, beside the reservation, at any time: what somebody else has settled in its name. */
  correct(costNano: number): void;
}

/** No budget applies. */
export const NO_RESERVATION: Reservation = {
  units: Infinity,
  periods: undefined,
  settle: () => {},
  release: () => {},
  correct: () => {},
};

export function amountOf({ fixedNano, perUnitNano }: Demand, units: number): number {
  return Math.ceil(fixedNano + perUnitNano * units);
}

/** The most units whose amount `available` covers; below 0 when not even the fixed part is covered. */
export function affordableUnits(demand: Demand, available: number): number {
  if (amountOf(demand, 0) > available) return -1;
  if (amountOf(demand, demand.units) <= available) return demand.units;
  let units = Math.floor((available - demand.fixedNano) / demand.perUnitNano);
  while (units > 0 && amountOf(demand, units) > available) units -= 1;
  return Math.min(units, demand.units);
}

export class HeldReservation implements Reservation {
  readonly units: number;
  readonly periods: { day: number; month: number };
  #accounts: readonly Account[];
  #amount: number;
  #wake: () => void;
  #ended = false;

  constructor(
    accounts: readonly Account[],
    amount: number,
    units: number,
    periods: { day: number; month: number },
    wake: () => void,
  ) {
    this.#accounts = accounts;
    this.#amount = amount;
    this.units = units;
    this.periods = periods;
    this.#wake = wake;
    for (const account of accounts) account.reserve(amount);
  }

  settle(costNano: number): void {
    if (this.#ended) throw new Error("a reservation is ended once");
    if (!Number.isSafeInteger(costNano) || costNano < 0) throw new Error(`no cost: ${costNano}`);
    this.#ended = true;
    for (const account of this.#accounts) account.settle(this.#amount, costNano);
    this.#wake();
  }

  release(): void {
    this.settle(0);
  }

  correct(costNano: number): void {
    for (const account of this.#accounts) account.charge(costNano);
    this.#wake();
  }
}
