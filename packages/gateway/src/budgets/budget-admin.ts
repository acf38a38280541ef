// What people do with budgets, and what they see of them.
import { HomegrownError } from "@homegrown/contracts";
import { z } from "zod";
import { nextRevision } from "../state/revisions.ts";
import type { BudgetPeriod, BudgetScope, StateDatabase } from "../state/tables.ts";
import { endOfPeriod, startOfPeriod } from "./periods.ts";

export interface BudgetName {
  scope: BudgetScope;
  /** A key's id or a team's name; the empty text for `total`. */
  scopeId: string;
  period: BudgetPeriod;
}

export interface BudgetReport extends BudgetName {
  limitNanoUsd: number;
  /** In the period that lies around now. */
  spentNanoUsd: number;
  /** Set aside by running gateways for what they are doing. */
  heldNanoUsd: number;
  startsAt: Date;
  resetsAt: Date;
  setBy: string;
  setAt: Date;
}

/** Nine million dollars: what a JavaScript number holds exactly, in nano-dollars, with room to add. */
const MAX_LIMIT_NANO = 9e15;
const nameSchema = z
  .strictObject({
    scope: z.enum(["key", "team", "total"]),
    scopeId: z
      .string()
      .max(200)
      .regex(/^[^\p{C}]*$/u, "no control characters"),
    period: z.enum(["day", "month"]),
  })
  .refine(
    ({ scope, scopeId }) => (scope === "total") === (scopeId === ""),
    "a total has no id, others have one",
  );
const limitSchema = z.int().min(0).max(MAX_LIMIT_NANO);

/**
 * Makes or changes a budget. Running gateways keep to it within a second. What was spent before in the current
 * period counts, but for requests that were running when the budget was made.
 */
export async function setBudget(
  database: StateDatabase,
  budget: BudgetName & { limitNanoUsd: number },
  change: { actor: string },
): Promise<void> {
  const { limitNanoUsd, ...name } = budget;
  const { scope, scopeId, period } = check(nameSchema, name);
  const limit = check(limitSchema, limitNanoUsd);
  await database.transaction(async (tx) => {
    await nextRevision(tx, "budgets");
    const values = { limit_nano_usd: limit, set_by: change.actor, set_at: Date.now() };
    await tx
      .insertInto("gateway_budgets")
      .values({ scope, scope_id: scopeId, period, ...values })
      .onConflict((conflict) => conflict.columns(["scope", "scope_id", "period"]).doUpdateSet(values))
      .execute();
  });
}

/** True when there was one. */
export async function removeBudget(database: StateDatabase, name: BudgetName): Promise<boolean> {
  const { scope, scopeId, period } = check(nameSchema, name);
  return database.transaction(async (tx) => {
    await nextRevision(tx, "budgets");
    const { numDeletedRows } = await tx
      .deleteFrom("gateway_budgets")
      .where("scope", "=", scope)
      .where("scope_id", "=", scopeId)
      .where("period", "=", period)
      .executeTakeFirstOrThrow();
    for (const table of ["gateway_budget_periods", "gateway_budget_grants"] as const) {
      await tx
        .deleteFrom(table)
        .where("scope", "=", scope)
        .where("scope_id", "=", scopeId)
        .where("period", "=", period)
        .execute();
    }
    return numDeletedRows > 0n;
  });
}

export async function listBudgets(
  database: StateDatabase,
  nowMs: number = Date.now(),
): Promise<BudgetReport[]> {
  const budgets = await database.queries
    .selectFrom("gateway_budgets")
    .selectAll()
    .orderBy("scope")
    .orderBy("scope_id")
    .orderBy("period")
    .execute();
  const reports: BudgetReport[] = [];
  for (const { scope, scope_id: scopeId, period, limit_nano_usd, set_by: setBy, set_at } of budgets) {
    const startsAt = startOfPeriod(period, nowMs);
    const { spent, held } = await readPeriod(database, { scope, scopeId, period }, startsAt);
    reports.push({
      scope,
      scopeId,
      period,
      limitNanoUsd: limit_nano_usd,
      spentNanoUsd: spent,
      heldNanoUsd: held,
      startsAt: new Date(startsAt),
      resetsAt: new Date(endOfPeriod(period, startsAt)),
      setBy,
      setAt: new Date(set_at),
    });
  }
  return reports;
}

async function readPeriod(
  database: StateDatabase,
  { scope, scopeId, period }: BudgetName,
  startsAt: number,
): Promise<{ spent: number; held: number }> {
  const row = await database.queries
    .selectFrom("gateway_budget_periods")
    .select("spent_nano_usd")
    .where("scope", "=", scope)
    .where("scope_id", "=", scopeId)
    .where("period", "=", period)
    .where("starts_at", "=", startsAt)
    .executeTakeFirst();
  if (row === undefined) {
    return { spent: await spentBefore(database, { scope, scopeId, period }, startsAt), held: 0 };
  }
  const { held } = await database.queries
    .selectFrom("gateway_budget_grants")
    .select(({ fn, cast }) => cast<number | null>(fn.sum("granted_nano_usd"), "bigint").as("held"))
    .where("scope", "=", scope)
    .where("scope_id", "=", scopeId)
    .where("period", "=", period)
    .where("starts_at", "=", startsAt)
    .executeTakeFirstOrThrow();
  return { spent: row.spent_nano_usd, held: held ?? 0 };
}

/** Of a budget that nobody has used in this period: what the first use will find. */
async function spentBefore(
  database: StateDatabase,
  { scope, scopeId, period }: BudgetName,
  startsAt: number,
): Promise<number> {
  let query = database.queries
    .selectFrom("gateway_ledger")
    .select(({ fn, cast }) => cast<number | null>(fn.sum("cost_nano_usd"), "bigint").as("spent"))
    .where("at", ">=", startsAt)
    .where("at", "<", endOfPeriod(period, startsAt));
  if (scope === "key") query = query.where("key_id", "=", scopeId);
  if (scope === "team") query = query.where("team", "=", scopeId);
  return (await query.executeTakeFirstOrThrow()).spent ?? 0;
}

function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HomegrownError({
    code: "gateway/invalid-budget",
    kind: "invalid-input",
    message: `the budget is not valid: ${issue?.path.join(".") || "budget"}: ${issue?.message ?? ""}`,
    hint: "Give scope (key, team, total), its id, period (day, month) and a limit of 0 to 9,000,000 dollars.",
  });
}
