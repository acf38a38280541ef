// Progress of anything over two seconds: one line redrawn in place on a terminal, a plain line now and
// then elsewhere (a log file, CI).
import type { WriteStream } from "node:tty";
import type { ProgressEvent } from "@homegrown/contracts";
import { formatBytes, formatCount, formatDuration } from "./format.ts";

const REDRAW_MS = 100;
const PLAIN_LINE_MS = 10_000;

export interface ProgressLine {
  show(event: ProgressEvent): void;
  settle(): void;
}

export function createProgressLine(stream: WriteStream | NodeJS.WriteStream): ProgressLine {
  const live = stream.isTTY === true;
  let lastShown = 0;
  let lastEvent = "";
  let drawn = false;
  return {
    show(event) {
      const now = Date.now();
      const finished = event.total !== undefined && event.done === event.total;
      const changed = event.event !== lastEvent;
      if (!changed && !finished && now - lastShown < (live ? REDRAW_MS : PLAIN_LINE_MS)) return;
      const text = describeProgress(event);
      lastShown = now;
      lastEvent = event.event;
      if (live) {
        stream.write(`\r\u001b[2K${text.slice(0, Math.max(20, (stream as WriteStream).columns - 1))}`);
        drawn = true;
      } else {
        stream.write(`${text}\n`);
      }
    },
    settle() {
      if (drawn) stream.write("\r\u001b[2K");
      drawn = false;
      lastEvent = "";
    },
  };
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
  return parts.join(" ");
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
