// Looking into server-sent events without parsing each one: a stream has hundreds of chunks that say
// nothing but text, and JSON.parse of all of them would be a third of what a chunk costs.
// https://html.spec.whatwg.org/multipage/server-sent-events.html

const COLON = 0x3a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const LINE_FEED = 0x0a;

/** Index of the value's first byte after `"name":`, -1 where the event has no such member. */
export function findValue(event: Buffer, member: string, from = 0): number {
  const at = event.indexOf(member, from, "latin1");
  if (at < 0) return -1;
  let index = at + member.length;
  while (event[index] === SPACE) index++;
  return index;
}

/** Bytes between the quotes of the string that is the member's value, escapes counted as written; else 0. */
export function stringBytes(event: Buffer, member: string, from = 0): number {
  const start = findValue(event, member, from);
  if (start < 0 || event[start] !== QUOTE) return 0;
  for (let end = event.indexOf(QUOTE, start + 1); end >= 0; end = event.indexOf(QUOTE, end + 1)) {
    let slashes = 0;
    while (event[end - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end - start - 1;
  }
  return 0;
}

/** The event's data lines joined, parsed; undefined where they are no JSON. */
export function parseData(event: Buffer): unknown {
  const lines: string[] = [];
  for (const line of event.toString("utf8").split(/\r?\n/)) {
    if (line.startsWith("data:")) lines.push(line.slice(line[5] === " " ? 6 : 5));
  }
  try {
    return JSON.parse(lines.join("\n"));
  } catch {
    return undefined;
  }
}

/** Whether any line of the event is data; comments and blank events keep a connection open, no more. */
export function hasData(event: Buffer): boolean {
  if (event[0] === 0x64 && event.indexOf("data:", 0, "latin1") === 0) return true;
  if (event[0] === COLON && event.indexOf("\ndata:", 0, "latin1") < 0) return false;
  return event.indexOf("data:", 0, "latin1") >= 0;
}

/** Length of the event that begins at `at`, with the blank line that ends it; 0 where it is not whole. */
export function eventEnd(events: Buffer, at: number): number {
  for (let feed = events.indexOf(LINE_FEED, at); feed >= 0; feed = events.indexOf(LINE_FEED, feed + 1)) {
    const next = events[feed + 1];
    if (next === LINE_FEED) return feed + 2;
    if (next === 0x0d && events[feed + 2] === LINE_FEED) return feed + 3;
  }
  return 0;
}

export function toCount(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0
    ? Math.min(Math.round(value), 1e12)
    : 0;
}

export function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** In UTF-8; 0 for what is no string. */
export function byteLength(value: unknown): number {
  return typeof value === "string" ? Buffer.byteLength(value) : 0;
}
