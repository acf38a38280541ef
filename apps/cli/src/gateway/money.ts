// Dollars as people write and read them, nano-dollars (1e-9 USD) as they are counted: whole numbers, so that
// sums are exact.
import { InvalidArgumentError } from "commander";

const NANO_DIGITS = 9;
const MAX_DOLLARS = 9_000_000;

/** Dollars, at most nine decimals, as nano-dollars; read digit by digit, because 0.1 has no exact double. */
export function parseDollars(text: string): number {
  const match = /^\$?(\d{1,7})(?:\.(\d{1,9}))?$/.exec(text.replaceAll(",", ""));
  if (match === null)
    throw new InvalidArgumentError("expected an amount in US dollars, for example 100 or 0.50");
  const nano = Number(match[1]) * 1e9 + Number((match[2] ?? "").padEnd(NANO_DIGITS, "0"));
  if (nano > MAX_DOLLARS * 1e9) throw new InvalidArgumentError("expected at most 9,000,000 dollars");
  return nano;
}

/** Cents always; of less than a dollar as many decimals as it has, up to six. Null is what nobody knows. */
export function formatDollars(nano: number | null): string {
  if (nano === null) return "unknown";
  const decimals = Math.abs(nano) >= 1e9 || nano === 0 ? 2 : 6;
  const text = (nano / 1e9).toLocaleString("en-US", {
    minimumFractionDigits: 2,
    maximumFractionDigits: decimals,
  });
  // What is less than a millionth is not nothing.
  return nano > 0 && nano < 500 ? "<$0.000001" : `$${text}`;
}

/** A sum of what is known, and how many it leaves out: an unknown price is never shown as zero. */
export function formatCost(knownNano: number, numUnknown: number, numAll: number): string {
  if (numUnknown === 0) return formatDollars(knownNano);
  if (numUnknown >= numAll) return "unknown";
  return `${formatDollars(knownNano)} + ${numUnknown.toLocaleString("en-US")} unknown`;
}
