/** A source of numbers in [0, 1). The caller seeds it, so that a planted set can be made again. */
export type Random = () => number;

export const DIGITS = "0123456789";
export const LOWER = "abcdefghijklmnopqrstuvwxyz";
export const UPPER = LOWER.toUpperCase();
export const BASE62: string = DIGITS + LOWER + UPPER;
export const BASE64: string = `${BASE62}+/`;
export const BASE64_URL: string = `${BASE62}-_`;
export const HEX = "0123456789abcdef";

export function drawFrom<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("nothing to draw from");
  return item;
}

export function drawText(random: Random, alphabet: string, length: number): string {
  let text = "";
  for (let at = 0; at < length; at++) text += alphabet.charAt(Math.floor(random() * alphabet.length));
  return text;
}

export function drawNumber(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

export function drawBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
}

/** mulberry32: small and good enough to draw samples with. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
