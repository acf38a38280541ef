// W3C Trace Context, version 00. https://www.w3.org/TR/trace-context/
// `tracestate` is neither read nor passed on: it may hold what other systems of the client noted, and providers
// are third parties.
import { randomFillSync } from "node:crypto";

export interface TraceContext {
  /** 32 hexadecimal digits, not all zero. */
  traceId: string;
  /** 16 hexadecimal digits, not all zero. */
  spanId: string;
  sampled: boolean;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const MAX_LENGTH = 256;
const SAMPLED = 1;

/** Undefined for what is no `traceparent`; a later version is read as far as version 00 goes. */
export function parseTraceparent(header: string | string[] | undefined): TraceContext | undefined {
  if (typeof header !== "string" || header.length > MAX_LENGTH) return undefined;
  const match = TRACEPARENT.exec(header);
  if (match === null) return undefined;
  const [, version, traceId, spanId, flags, rest] = match as unknown as string[];
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId!) || /^0+$/.test(spanId!)) return undefined;
  return { traceId: traceId!, spanId: spanId!, sampled: (Number.parseInt(flags!, 16) & SAMPLED) !== 0 };
}

export function toTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

export function newTraceId(): string {
  return randomHex(16);
}

export function newSpanId(): string {
  return randomHex(8);
}

function randomHex(numBytes: number): string {
  const bytes = Buffer.allocUnsafe(numBytes);
  for (;;) {
    randomFillSync(bytes);
    // All zeros means "none".
    if (bytes.some((byte) => byte !== 0)) return bytes.toString("hex");
  }
}
