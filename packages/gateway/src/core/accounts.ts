// What the core asks of those who count: scopes, limits, budgets, the ledger. Implemented by `keys/`, `limits/`,
// `budgets/` and `ledger/`; a gateway without a database counts nothing (`NO_ACCOUNTS`).
import type { Dialect, Endpoint } from "./dialect.ts";
import type { Key } from "./key.ts";
import type { TokenUsage } from "./token-usage.ts";

export interface Accounts {
  /** Throws `gateway/endpoint-forbidden` or `gateway/alias-forbidden`. */
  permit(key: Key, endpoint: Endpoint, alias: string): void;
  /** Throws `gateway/rate-limited`, or `gateway/store-behind`. */
  admit(key: Key, ask: { tokens: number; stream: boolean }): Permit;
  /** What is left of a caller's limits, to be told with a refusal; undefined where there are none. */
  limitsOf(key: Key): PermitState | undefined;
  /** Throws (or rejects with) `gateway/budget-exhausted`, or `gateway/price-unknown`. */
  reserve(key: Key, ask: ReservationAsk): Reservation | Promise<Reservation>;
  open(start: EntryStart): Entry;
}

export interface LimitState {
  limit: number;
  remaining: number;
  /** Until it is whole again. */
  resetSeconds: number;
}

export interface PermitState {
  readonly requests: LimitState | undefined;
  readonly tokens: LimitState | undefined;
}

export interface Permit {
  readonly state: PermitState | undefined;
  /** Once: corrects what was counted ahead, and gives the stream's place back. */
  settle(tokens: number): void;
}

export interface ReservationAsk {
  /** For everything but the output; undefined where the price is unknown. */
  fixedNano: number | undefined;
  perUnitNano: number;
  /** Output tokens of one choice. */
  units: number;
  minUnits: number;
}

export interface Reservation {
  /** What was granted of the units asked for. */
  readonly units: number;
  /** True where no budget applies: nothing was reserved and nothing needs a cap. */
  readonly isFree: boolean;
  /** Where the request will not be made; otherwise its entry in the ledger ends it. */
  release(): void;
}

export interface EntryStart {
  requestId: string;
  key: Key;
  alias: string;
  dialect: Dialect;
  streamed: boolean;
  labels: Readonly<Record<string, string>>;
  /** The id of the entry whose copy this is; asked for when it is needed. */
  mirrorOf: (() => string) | undefined;
}

export interface Entry {
  /** Undefined before the first attempt, and where nothing is counted. */
  readonly id: string | undefined;
  /** Before an attempt: where it goes, and what is charged if nobody ever settles it. */
  attempt(facts: {
    target: string;
    provider: string;
    own: boolean;
    reservation: Reservation;
    inputTokens: number;
    /** Null: unknown. */
    inputCostNano: number | null;
  }): void;
  /** Once. Ends the last attempt's reservation, too. */
  settle(facts: EntryFacts): void;
}

export interface EntryFacts {
  outcome: "completed" | "failed" | "client-left" | "refused";
  errorCode: string | undefined;
  version: string | undefined;
  usage: TokenUsage;
  /** Null: unknown. */
  costNano: number | null;
  priceSource: string | undefined;
  latencyMs: number;
  firstByteMs: number | undefined;
  attempts: number;
  cached: boolean;
}

const FREE_PERMIT: Permit = { state: undefined, settle() {} };
const NO_ENTRY: Entry = { id: undefined, attempt() {}, settle() {} };

export function freeReservation(units: number): Reservation {
  return { units, isFree: true, release() {} };
}

/** For a gateway without a database. */
export const NO_ACCOUNTS: Accounts = {
  permit() {},
  admit: () => FREE_PERMIT,
  limitsOf: () => undefined,
  reserve: (_key, ask) => freeReservation(ask.units),
  open: () => NO_ENTRY,
};
