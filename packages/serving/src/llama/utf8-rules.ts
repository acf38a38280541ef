// Where UTF-8 (RFC 3629, section 4) is stricter than "a first byte and its continuation bytes": overlong
// forms, surrogates and code points past U+10FFFF. llama.cpp's grammars let those pass.

/** Bytes that occur nowhere. */
export function isForbiddenByte(byte: number): boolean {
  return byte === 0xc0 || byte === 0xc1 || byte >= 0xf5;
}

/** First bytes after which some continuation bytes are excluded. */
const EXCLUDED_AFTER: ReadonlyMap<number, readonly [low: number, high: number]> = new Map([
  [0xe0, [0x80, 0x9f]],
  [0xed, [0xa0, 0xbf]],
  [0xf0, [0x80, 0x8f]],
  [0xf4, [0x90, 0xbf]],
]);

export function isForbiddenPair(lead: number, next: number | undefined): boolean {
  const range = EXCLUDED_AFTER.get(lead);
  return range !== undefined && next !== undefined && next >= range[0] && next <= range[1];
}

export function hasExclusions(lead: number): boolean {
  return EXCLUDED_AFTER.has(lead);
}
