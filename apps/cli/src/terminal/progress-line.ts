// Progress of anything over two seconds: one line redrawn in place on a terminal, a plain line now and
// then elsewhere (a log file, CI).
import type { WriteStream } from "node:tty";
import type { ProgressEvent } from "@homegrown/contracts";
import { formatBytes, formatCount, formatDuration, toPrintable } from "./format.ts";

const REDRAW_MS = 100;
const PLAIN_LINE_MS = 10_000;

export interface ProgressLine {
  show(event: ProgressEvent): void;
  settle(): void;
}

export function createProgressLine(stream: WriteStream | NodeJS.WriteStream): ProgressLine {
  return stream.isTTY === true ? redrawnLine(stream as WriteStream) : plainLines(stream);
}

function redrawnLine(stream: WriteStream): ProgressLine {
  let lastShown = 0;
  let lastEvent = "";
  return {
    show(event) {
      const now = Date.now();
      if (event.event === lastEvent && !isFinished(event) && now - lastShown < REDRAW_MS) return;
      lastShown = now;
      lastEvent = event.event;
      stream.write(`\r\u001b[2K${describeProgress(event).slice(0, Math.max(20, stream.columns - 1))}`);
    },
    settle() {
      if (lastEvent !== "") stream.write("\r\u001b[2K");
      lastEvent = "";
    },
  };
}

/** Each kind of event when it begins, when it ends, and at most every ten seconds between. */
function plainLines(stream: NodeJS.WritableStream): ProgressLine {
  const lastShown = new Map<string, number>();
  return {
    show(event) {
      const now = Date.now();
      const last = lastShown.get(event.event);
      if (last !== undefined && !isFinished(event) && now - last < PLAIN_LINE_MS) return;
      lastShown.set(event.event, now);
      stream.write(`${describeProgress(event)}\n`);
    },
    settle() {},
  };
}

function isFinished(event: ProgressEvent): boolean {
  return event.total !== undefined && event.done === event.total;
}

/** One event in words: name, bar, count, then the figures it carries. */
export function describeProgress(event: ProgressEvent): string {
  const parts = [`  ${event.event.replaceAll("-", " ")}`];
  if (event.done !== undefined && event.total !== undefined && event.total > 0) {
    const share = Math.min(1, event.done / event.total);
    const filled = Math.round(share * 20);
    parts.push(`${"█".repeat(filled)}${"░".repeat(20 - filled)}`);
    parts.push(`${formatUnits(event.done, event.unit)}/${formatUnits(event.total, event.unit)}`);
  } else if (event.done !== undefined) {
    parts.push(formatUnits(event.done, event.unit));
  }
  if (event.unit !== undefined && event.unit !== "bytes") parts.push(event.unit);
  if (event.message !== undefined) parts.push(event.message);
  parts.push(...describeDetails(event.details ?? {}));
  return toPrintable(parts.join(" "));
}

const DETAIL_FORMATS: Readonly<Record<string, (value: number) => string>> = {
  loss: (v) => `loss ${v.toFixed(3)}`,
  heldOutLoss: (v) => `held-out ${v.toFixed(3)}`,
  tokensPerSecond: (v) => `${formatCount(v)} tok/s`,
  etaSeconds: (v) => `${formatDuration(v)} left`,
  memoryBytes: (v) => formatBytes(v),
};

function describeDetails(details: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(DETAIL_FORMATS).flatMap(([key, format]) => {
    const value = details[key];
    return typeof value === "number" && Number.isFinite(value) ? [`· ${format(value)}`] : [];
  });
}

function formatUnits(value: number, unit: string | undefined): string {
  return unit === "bytes" ? formatBytes(value) : formatCount(value);
}
