// Weighted choice, random or by a name. Every target draws u in (0, 1) and the least -ln(u)/weight goes first
// (Efraimidis and Spirakis 2006): the first is chosen with a probability in proportion to its weight, and so is
// each next among the rest. With u from a hash of the conversation and the target this is weighted rendezvous
// hashing: a conversation stays where it is, and a target that goes away moves its own conversations only.

/** For ordering: least first; a weight of 0 comes after all others. `u` in (0, 1). */
export function drawRank(u: number, weight: number): number {
  return weight > 0 ? -Math.log(u) / weight : Infinity;
}

/** FNV-1a over UTF-16 units, 32 bits. */
export function hashName(name: string): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x0100_0193);
  return hash >>> 0;
}

/** What this conversation draws for this target, in (0, 1). */
export function drawByName(conversation: number, target: number): number {
  return (scramble(scramble(conversation) ^ target) + 0.5) / 0x1_0000_0000;
}

/** MurmurHash3's 32-bit finaliser. */
function scramble(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
