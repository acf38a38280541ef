// The accounts of a gateway with a database: keys, limits, budgets and ledger behind the core's one interface.
import { HomegrownError } from "@homegrown/contracts";
import { NO_RESERVATION } from "../budgets/reservation.ts";
import type { Reservation as Held } from "../budgets/reservation.ts";
import type {
  Accounts,
  Entry,
  EntryFacts,
  EntryStart,
  Reservation,
  ReservationAsk,
} from "../core/accounts.ts";
import { freeReservation } from "../core/accounts.ts";
import type { Key } from "../core/key.ts";
import type { NewLedgerEntry, OpenEntry } from "../ledger/ledger-entry.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { GatewayState } from "../state/gateway-state.ts";

export function createStateAccounts(state: GatewayState): Accounts {
  return {
    permit: (key, endpoint, alias) => state.keys.permits(key, endpoint, alias),
    admit: (key, ask) => {
      state.writer.assertRoom();
      return state.limiter.admit(key, ask);
    },
    limitsOf: (key) => state.limiter.stateOf(key),
    reserve: (key, ask) => reserve(state, key, ask),
    open: (start) => new LedgerEntryOfJob(state.ledger, withinConsent(start)),
  };
}

function reserve(
  { budgets }: GatewayState,
  key: Key,
  ask: ReservationAsk,
): Reservation | Promise<Reservation> {
  const { fixedNano, perUnitNano, units, minUnits } = ask;
  // What a request of unknown price would cost nobody can set aside.
  const demand = {
    fixedNano: fixedNano ?? 0,
    perUnitNano: fixedNano === undefined ? 0 : perUnitNano,
    units,
    minUnits,
  };
  const held = budgets.reserve(key, demand);
  const toReservation = (reservation: Held): Reservation => {
    if (reservation === NO_RESERVATION) return freeReservation(units);
    if (fixedNano === undefined) {
      reservation.release();
      throw priceUnknown();
    }
    return new HeldForJob(reservation);
  };
  return held instanceof Promise ? held.then(toReservation) : toReservation(held);
}

/** Who agreed to nothing is billed, and whom its requests were about is nobody's business. */
function withinConsent(start: EntryStart): EntryStart {
  return start.key.rights === "none" ? { ...start, labels: {} } : start;
}

class HeldForJob implements Reservation {
  readonly held: Held;
  readonly isFree = false;
  isReleased = false;

  constructor(held: Held) {
    this.held = held;
  }

  get units(): number {
    return this.held.units;
  }

  release(): void {
    this.isReleased = true;
    this.held.release();
  }
}

/**
 * A ledger entry is opened with the first attempt, so that what is refused before costs one row, written once.
 * The ledger ends the reservation when it settles; a later attempt brings another, so it holds a stand-in.
 */
class LedgerEntryOfJob implements Entry {
  readonly #ledger: Ledger;
  readonly #start: EntryStart;
  readonly #current: CurrentReservation = new CurrentReservation();
  #attempt: { target: string; provider: string; own: boolean } | undefined;
  #open: OpenEntry | undefined;

  constructor(ledger: Ledger, start: EntryStart) {
    this.#ledger = ledger;
    this.#start = start;
  }

  get id(): string | undefined {
    return this.#open?.id;
  }

  attempt(facts: Parameters<Entry["attempt"]>[0]): void {
    this.#attempt = facts;
    this.#current.take(facts.reservation);
    this.#open ??= this.#ledger.open(this.#toEntry(facts.inputTokens, facts.inputCostNano));
  }

  settle(facts: EntryFacts): void {
    const open = (this.#open ??= this.#ledger.open(this.#toEntry(0, 0)));
    open.settle({ ...facts, ...this.#attempt, route: this.#start.alias });
  }

  #toEntry(inputTokens: number, inputCostNano: number | null): NewLedgerEntry {
    const { key, requestId, alias, dialect, streamed, labels, mirrorOf } = this.#start;
    return {
      requestId,
      keyId: key.id,
      team: key.team,
      alias,
      dialect,
      streamed,
      labels,
      ...(mirrorOf !== undefined && { mirrorOf: mirrorOf() }),
      reservation: this.#current,
      inputTokens,
      inputCostNano,
    };
  }
}

/** Of the last attempt that was covered; it may have been released since, for the next one. */
class CurrentReservation implements Held {
  #attempt: HeldForJob | undefined;

  take(reservation: Reservation): void {
    this.#attempt = reservation instanceof HeldForJob ? reservation : undefined;
  }

  get units(): number {
    return this.#attempt?.units ?? Infinity;
  }
  get periods(): Held["periods"] {
    return this.#attempt?.held.periods;
  }
  settle(costNano: number): void {
    if (this.#attempt?.isReleased === false) this.#attempt.held.settle(costNano);
  }
  release(): void {
    this.settle(0);
  }
  correct(costNano: number): void {
    this.#attempt?.held.correct(costNano);
  }
}

function priceUnknown(): HomegrownError {
  return new HomegrownError({
    code: "gateway/price-unknown",
    kind: "forbidden",
    message: "A budget applies to this key, and nobody knows what this model costs.",
    hint: "Whoever runs this gateway should state the model's price in the configuration.",
  });
}
