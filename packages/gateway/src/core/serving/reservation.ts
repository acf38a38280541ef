// How much a request may cost at most on a target, and how long an answer the budgets leave it.
import { costNanoUsd, maxCostNanoUsd } from "../../pricing/cost.ts";
import { DIALECT_READERS } from "../dialects/dialect-readers.ts";
import { estimateInputTokens } from "../estimate.ts";
import { NO_USAGE } from "../token-usage.ts";
import { freeReservation } from "../accounts.ts";
import type { Accounts, Reservation } from "../accounts.ts";
import type { Key } from "../key.ts";
import type { ModelRequest } from "../model-request.ts";
import type { Price, Target } from "../target.ts";

/** For models whose longest answer nobody knows; budgets then cap the answer at what they reserved. */
const UNKNOWN_MAX_OUTPUT = 32_768;

export interface Cover {
  reservation: Reservation;
  /** The budgets left less than was asked for. */
  isShortened: boolean;
  /** Calls that the provider bills. */
  copies: number;
  /** What the prompt costs at the target, by our estimate; null: unknown. */
  inputCostNano: number | null;
  /** To be asked of the provider; undefined where the client's own limit, or the model's, holds. */
  maxOutputTokens: number | undefined;
}

/** Throws (or rejects with) `gateway/budget-exhausted` or `gateway/price-unknown`. */
export function coverRequest(
  request: ModelRequest,
  target: Target,
  key: Key,
  { accounts, copies }: { accounts: Accounts; copies: number },
): Cover | Promise<Cover> {
  // Providers count for nothing.
  if (request.dialect === "anthropic/count-tokens") {
    const reservation = freeReservation(0);
    return { reservation, isShortened: false, copies, inputCostNano: 0, maxOutputTokens: undefined };
  }
  const known = request.maxOutputTokens ?? target.capabilities.maxOutputTokens;
  const units = hasOutput(request) ? (known ?? UNKNOWN_MAX_OUTPUT) : 0;
  const { fixedNano: promptNano, perTokenNano } = boundCost(target.price, request.maxInputTokens);
  const perUnitNano = perTokenNano * request.numChoices;
  // A translated request with several choices asks, and pays for, the prompt several times.
  const fixedNano = promptNano && promptNano * copies;
  // Where the protocol has no word for a limit, all that may come must be covered.
  const canLimit = DIALECT_READERS[request.dialect].outputLimitMember !== undefined;
  const minUnits = canLimit ? Math.min(1, units) : units;
  const reservation = accounts.reserve(key, { fixedNano, perUnitNano, units, minUnits });
  const toCover = (granted: Reservation): Cover => ({
    reservation: granted,
    isShortened: granted.units < units,
    copies,
    inputCostNano: estimateInputCost(request, target, copies),
    maxOutputTokens:
      granted.isFree || !canLimit || (granted.units === units && known !== undefined)
        ? request.maxOutputTokens
        : granted.units,
  });
  return reservation instanceof Promise ? reservation.then(toCover) : toCover(reservation);
}

/** Sound is never smaller than this in any format that providers take. */
const LEAST_BYTES_PER_AUDIO_SECOND = 500;
/** Large, so that rounding up hardly counts in the cost of one. */
const MANY_TOKENS = 1_000_000;

/** A bound on input tokens is one on characters, and on the bytes of sound. */
function boundCost(
  price: Price | undefined,
  input: number,
): { fixedNano: number | undefined; perTokenNano: number } {
  const audioSeconds = price?.perAudioSecond === undefined ? 0 : input / LEAST_BYTES_PER_AUDIO_SECOND;
  const most = { input, audioSeconds, characters: input };
  const fixedNano = maxCostNanoUsd(price, { ...most, output: 0 });
  const withOutput = maxCostNanoUsd(price, { ...most, output: MANY_TOKENS });
  if (fixedNano === null || withOutput === null) return { fixedNano: undefined, perTokenNano: 0 };
  return { fixedNano: fixedNano + 1, perTokenNano: (withOutput - fixedNano) / MANY_TOKENS };
}

function estimateInputCost(request: ModelRequest, { price }: Target, copies: number): number | null {
  return costNanoUsd(price, { ...NO_USAGE, input: estimateInputTokens(request) * copies }, copies);
}

function hasOutput({ dialect }: ModelRequest): boolean {
  return (
    dialect !== "openai/embeddings" && dialect !== "anthropic/count-tokens" && dialect !== "openai/speech"
  );
}
