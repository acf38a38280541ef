import type { Reservation } from "../budgets/reservation.ts";
import type { Dialect } from "../core/dialect.ts";
import type { TokenUsage } from "../core/token-usage.ts";
import type { Outcome } from "../state/tables.ts";

/** What is known when a request is admitted. */
export interface NewLedgerEntry {
  requestId: string;
  keyId: string;
  team: string | undefined;
  alias: string;
  dialect: Dialect;
  streamed: boolean;
  /** The client's labels; long ones are cut. */
  labels?: Readonly<Record<string, string>>;
  /** The id of the entry whose request this one repeats out of the client's sight. */
  mirrorOf?: string;
  /** What was set aside for it; ended by `settle`. */
  reservation?: Reservation;
  /** Charged if the process dies before it settles: bounds of the input's tokens and cost; null if unknown. */
  inputTokens: number;
  inputCostNano: number | null;
}

/** What is known once it has ended. */
export interface FinalLedgerEntry {
  outcome: Exclude<Outcome, "open">;
  errorCode?: string | undefined;
  route?: string | undefined;
  target?: string | undefined;
  provider?: string | undefined;
  version?: string | undefined;
  /** Of this organisation. */
  own?: boolean;
  usage: TokenUsage;
  /**
   * Whole nano-dollars; null when nobody knows. A mirrored request's goes into a column of its own and is charged
   * to no budget.
   */
  costNano: number | null;
  /** Where the price comes from. */
  priceSource?: string | undefined;
  latencyMs: number;
  firstByteMs?: number | undefined;
  attempts: number;
  /** Answered from the cache. */
  cached?: boolean;
}

export interface OpenEntry {
  /** Unique in the store, which request ids need not be. */
  readonly id: string;
  /** Exactly once; settles the reservation too. */
  settle(final: FinalLedgerEntry): void;
}

/** One row as it is read. */
export interface LedgerRecord {
  id: string;
  requestId: string;
  at: Date;
  keyId: string;
  team: string | undefined;
  alias: string;
  dialect: string;
  streamed: boolean;
  outcome: Outcome;
  errorCode: string | undefined;
  route: string | undefined;
  target: string | undefined;
  provider: string | undefined;
  version: string | undefined;
  own: boolean;
  usage: TokenUsage;
  costNano: number | null;
  mirrorOf: string | undefined;
  mirrorCostNano: number | null;
  priceSource: string | undefined;
  latencyMs: number | undefined;
  firstByteMs: number | undefined;
  attempts: number;
  cached: boolean;
  labels: Readonly<Record<string, string>>;
}
