// Seeds of the choices of one request. Choice 0 keeps the client's seed, so that asking for more choices
// never changes the first; the others are spread by MurmurHash3's 32-bit finaliser.

/** The seed of the given choice, 0…2^32-1; undefined where the client gave none. */
export function seedOfChoice(seed: number | undefined, choice: number): number | undefined {
  if (seed === undefined) return undefined;
  const folded = foldTo32Bits(seed);
  return choice === 0 ? folded : mix((folded ^ Math.imul(choice, 0x9e37_79b9)) >>> 0);
}

/** JSON carries integers to 2^53, models take 32 bits: a seed in range stays as it is. */
function foldTo32Bits(seed: number): number {
  if (seed >= 0 && seed <= 0xffff_ffff) return seed;
  const high = Math.floor(seed / 0x1_0000_0000) >>> 0;
  return mix((seed >>> 0) ^ Math.imul(high, 0x85eb_ca6b));
}

function mix(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
