// How much more of a budget is asked of the store with the next batch.
import type { Account } from "./account.ts";
import type { AccountOrder } from "./grant-statements.ts";

/** Of all requests that wait for it: what they could use together, and the least that serves one of them. */
export interface WaitingSum {
  need: number;
  floor: number;
}

/** Undefined where nobody waits and no slice is due. */
export function toAsk(account: Account, waiting: WaitingSum | undefined, nowMs: number): AccountOrder["ask"] {
  // `charged` leaves the grant with this batch, so it does not count twice.
  const lacking = (amount: number): number => Math.max(0, Math.ceil(amount - account.available));
  const isScarce = account.scarceUntilMs > nowMs;
  const wished = isScarce ? 0 : account.wishedGrant + 8 * (waiting?.need ?? 0);
  const slice = Math.max(0, Math.ceil(wished - account.grant));
  if (waiting !== undefined && lacking(waiting.need) > 0) {
    const need = lacking(waiting.need);
    return { need, slice: Math.max(need, slice), floor: lacking(waiting.floor) };
  }
  if (!account.wantsSlice || slice === 0 || account.sliceAfterMs > nowMs || !account.isOpen) return undefined;
  account.wantsSlice = false;
  account.sliceAfterMs = nowMs + 50;
  return { need: 0, slice, floor: 0 };
}
