import { HomegrownError } from "@homegrown/contracts";
import type { BudgetPeriod, BudgetScope } from "../state/tables.ts";

/** Says which budget and when it starts anew, never how much anybody spent: a total is other teams' too. */
export function budgetExhaustedError(
  scope: BudgetScope,
  period: BudgetPeriod,
  resetsAt: Date,
): HomegrownError {
  const whose = scope === "total" ? "the organisation's" : `this ${scope}'s`;
  return new HomegrownError({
    code: "gateway/budget-exhausted",
    kind: "overloaded",
    message: `${whose} budget of this ${period} does not allow this request`,
    hint: `Ask for a larger budget, send a shorter request, or wait until ${resetsAt.toISOString()}.`,
    details: { scope, period, resetsAt: resetsAt.toISOString() },
  });
}
