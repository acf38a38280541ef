// GPT-2's printable spelling of bytes: each byte is one character, so that a token of any bytes is a
// JSON string. Order is GPT-2's `bytes_to_unicode`: printable bytes first, the other 68 from U+0100 on.

const isPrintable = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);

/** byte → its character. */
export const BYTE_TO_CHAR: readonly string[] = spellBytes();

/** The 256 bytes in vocabulary order: token id i is the single byte `BYTE_ORDER[i]`. */
export const BYTE_ORDER: readonly number[] = [...Array(256).keys()].sort((a, b) =>
  BYTE_TO_CHAR[a]! < BYTE_TO_CHAR[b]! ? -1 : 1,
);

const CHAR_TO_BYTE: ReadonlyMap<string, number> = new Map(BYTE_TO_CHAR.map((char, byte) => [char, byte]));

/** The bytes that a token's spelling stands for, or undefined when a character is not of the alphabet. */
export function spellingToBytes(spelling: string): Uint8Array | undefined {
  const bytes = new Uint8Array(spelling.length);
  for (let i = 0; i < spelling.length; i++) {
    const byte = CHAR_TO_BYTE.get(spelling[i]!);
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}

function spellBytes(): string[] {
  let next = 0x100;
  return [...Array(256).keys()].map((byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
}
