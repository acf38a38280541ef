/** A source of doubles in [0, 1), the same sequence for the same seed everywhere. */
export type Random = () => number;

/**
 * xoshiro128** 1.1 seeded through splitmix32. 32 random bits a call, period 2^128 - 1: enough for
 * resampling and sampling text, not for secrets.
 * @param seed any integer; only its low 32 bits count
 * @see Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47 (2021)
 */
export function createRandom(seed: number): Random {
  const next = splitmix32(seed >>> 0);
  let [a, b, c, d] = [next(), next(), next(), next()];
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result / 4294967296;
  };
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function splitmix32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return mixed ^ (mixed >>> 16);
  };
}
