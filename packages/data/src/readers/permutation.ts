// A keyed shuffle of 0…size-1 that needs no memory: a four-round Feistel network over the next power of
// four, walked until it lands inside (Black and Rogaway 2002, "Ciphers with arbitrary finite domains").
// Invariant: for one key, each index is met exactly once.

/** A 32-bit mix of integers: equal arguments, equal result, on every machine. */
export function mix32(...values: readonly number[]): number {
  let state = 0x9e3779b9;
  for (const value of values) {
    // Both halves, so that numbers past 2^32 differ too.
    state = scramble(state ^ (value >>> 0));
    state = scramble(state ^ (Math.floor(value / 2 ** 32) >>> 0));
  }
  return state >>> 0;
}

/** Where `index` stands in the order that `key` shuffles 0…size-1 into. */
export function permute(index: number, size: number, key: number): number {
  if (size <= 1) return 0;
  const halfBits = Math.max(1, Math.ceil(Math.log2(size) / 2));
  const half = 2 ** halfBits;
  let value = index;
  do {
    let left = Math.floor(value / half);
    let right = value % half;
    for (let round = 0; round < 4; round++) {
      [left, right] = [right, (left ^ mix32(right, key, round)) & (half - 1)];
    }
    value = left * half + right;
  } while (value >= size);
  return value;
}

/** murmur3's finaliser (Appleby 2011). */
function scramble(value: number): number {
  let x = (value + 0x9e3779b9) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) | 0;
}
