// Times as people write them: how long (`30m`, `12h`, `7d`, `4w`) and when (`2026-11-25`, `7d` ago).
import { InvalidArgumentError } from "commander";

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;
const MAX_MS = 3650 * UNIT_MS.d;

export function parseDuration(text: string): number {
  const ms = toMs(text);
  if (ms === undefined) throw new InvalidArgumentError("expected a duration, for example 30m, 12h, 1d or 4w");
  return ms;
}

/** When something ends: a duration from now, or a day (its first moment, UTC) or an instant in ISO 8601. */
export function parseExpiry(text: string, now: number = Date.now()): Date {
  const ms = toMs(text);
  const at = ms === undefined ? parseInstant(text) : new Date(now + ms);
  if (at.getTime() <= now) throw new InvalidArgumentError("expected a time that is still to come");
  return at;
}

/** Where a report begins: a duration ago, a day's first moment (UTC), or an instant. */
export function parseFrom(text: string, now: number = Date.now()): Date {
  const ms = toMs(text);
  return ms === undefined ? parseInstant(text) : new Date(now - ms);
}

/** Where a report ends, exclusive; a day is included whole. */
export function parseTo(text: string, now: number = Date.now()): Date {
  const at = parseFrom(text, now);
  return DAY.test(text) ? new Date(at.getTime() + UNIT_MS.d) : at;
}

export function startOfMonth(now: number = Date.now()): Date {
  const date = new Date(now);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1));
}

/** To the minute, UTC. */
export function formatMinute(date: Date): string {
  return date.toISOString().slice(0, 16).replace("T", " ");
}

function toMs(text: string): number | undefined {
  const match = /^(\d{1,6})([smhdw])$/.exec(text);
  if (match === null) return undefined;
  const ms = Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
  if (ms > MAX_MS) throw new InvalidArgumentError("expected at most ten years");
  return ms;
}

function parseInstant(text: string): Date {
  const date = new Date(DAY.test(text) || INSTANT.test(text) ? text : Number.NaN);
  // JavaScript reads February 30th as March 2nd.
  const isReal = !Number.isNaN(date.getTime()) && (!DAY.test(text) || date.toISOString().startsWith(text));
  if (isReal) return date;
  throw new InvalidArgumentError(
    "expected a day (2026-11-25), an instant (2026-11-25T08:00Z) or a duration (7d)",
  );
}
