/** A piece of a JSON text: a string literal that is a key or a value, a number, or all that is between. */
export interface JsonPart {
  readonly kind: "key" | "string" | "number" | "other";
  readonly source: string;
}

/**
 * Cuts a valid JSON text at its literals; the sources joined are the text. A scan by hand, since a
 * regular expression over literals of megabytes would need a stack of that size.
 * @param text what `JSON.parse` has accepted
 */
export function splitJsonText(text: string): JsonPart[] {
  const parts: JsonPart[] = [];
  let otherStart = 0;
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    const isText = character === '"';
    if (!isText && !/[-\d]/.test(character)) {
      at++;
      continue;
    }
    const end = isText ? stringEnd(text, at) : numberEnd(text, at);
    if (at > otherStart) parts.push({ kind: "other", source: text.slice(otherStart, at) });
    const kind = !isText ? "number" : isFollowedByColon(text, end) ? "key" : "string";
    parts.push({ kind, source: text.slice(at, end) });
    otherStart = at = end;
  }
  if (otherStart < text.length) parts.push({ kind: "other", source: text.slice(otherStart) });
  return parts;
}

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function numberEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && /[\d.eE+-]/.test(text.charAt(at))) at++;
  return at;
}

function isFollowedByColon(text: string, end: number): boolean {
  let at = end;
  while (at < text.length && /\s/.test(text.charAt(at))) at++;
  return text[at] === ":";
}
