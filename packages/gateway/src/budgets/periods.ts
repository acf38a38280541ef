import type { BudgetPeriod } from "../state/tables.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** First millisecond of the UTC day or calendar month that `atMs` lies in. */
export function startOfPeriod(period: BudgetPeriod, atMs: number): number {
  const dayStart = Math.floor(atMs / DAY_MS) * DAY_MS;
  if (period === "day") return dayStart;
  const day = new Date(dayStart);
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1);
}

/** First millisecond after the period that starts at `startMs`. */
export function endOfPeriod(period: BudgetPeriod, startMs: number): number {
  if (period === "day") return startMs + DAY_MS;
  const start = new Date(startMs);
  return Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1);
}
