// One pass over a body before it is parsed: how deep it nests, and where the members of its outermost object
// stand, so that one of them can be replaced without touching the other bytes. Strings, most of a body, are
// skipped by native search.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Byte offsets of one member of the outermost object. */
export interface JsonMember {
  name: string;
  /** Of the quote that opens the name. */
  start: number;
  valueStart: number;
  /** One past the value's last byte. */
  end: number;
}

export interface JsonScan {
  tooDeep: boolean;
  /** In order; right only where the body turns out to be valid JSON. Empty for what is no object. */
  members: readonly JsonMember[];
}

export function scanJson(body: Buffer, maxDepth: number): JsonScan {
  const members: JsonMember[] = [];
  let depth = 0;
  let isObject = false;
  let open: JsonMember | undefined;
  let lastByte = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]!;
    switch (byte) {
      case QUOTE: {
        const end = endOfString(body, i);
        if (end < 0) return { tooDeep: false, members };
        if (depth === 1 && isObject && open === undefined) {
          open = { name: toName(body, i, end), start: i, valueStart: -1, end: -1 };
        } else if (open !== undefined && open.valueStart < 0) {
          open.valueStart = i;
        }
        i = end;
        break;
      }
      case 0x5b: // [
      case 0x7b: // {
        if (depth === 0) isObject = byte === 0x7b;
        if (open !== undefined && open.valueStart < 0) open.valueStart = i;
        if (++depth > maxDepth) return { tooDeep: true, members };
        break;
      case 0x5d: // ]
      case 0x7d: // }
        if (--depth === 0 && open !== undefined) {
          open.end = lastByte + 1;
          members.push(open);
          open = undefined;
        }
        break;
      case 0x2c: // ,
        if (depth === 1 && open !== undefined) {
          open.end = lastByte + 1;
          members.push(open);
          open = undefined;
        }
        break;
      case 0x3a: // :
      case 0x20:
      case 0x09:
      case 0x0a:
      case 0x0d:
        continue;
      default:
        if (open !== undefined && open.valueStart < 0) open.valueStart = i;
    }
    lastByte = i;
  }
  return { tooDeep: false, members };
}

function toName(body: Buffer, start: number, end: number): string {
  const name = body.toString("utf8", start + 1, end);
  if (!name.includes("\\")) return name;
  try {
    return JSON.parse(`"${name}"`) as string;
  } catch {
    // Not valid JSON: the parser will say so.
    return name;
  }
}

/** Index of the quote that closes the string opened at `start`, -1 when there is none. */
function endOfString(body: Buffer, start: number): number {
  for (let end = body.indexOf(QUOTE, start + 1); end >= 0; end = body.indexOf(QUOTE, end + 1)) {
    let slashes = 0;
    while (body[end - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return -1;
}
