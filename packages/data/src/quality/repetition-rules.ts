// Gopher's repetition rules (Rae et al. 2021, arXiv 2112.11446, table A1): shares of a document that repeat
// what it has said before, by lines, paragraphs and n-grams of words.

const MAX_DUPLICATE_LINES = 0.3;
const MAX_DUPLICATE_PARAGRAPHS = 0.3;
const MAX_DUPLICATE_LINE_CHARACTERS = 0.2;
const MAX_DUPLICATE_PARAGRAPH_CHARACTERS = 0.2;
/** n → largest share of characters in the one most frequent n-gram. */
const MAX_TOP: ReadonlyMap<number, number> = new Map([
  [2, 0.2],
  [3, 0.18],
  [4, 0.16],
]);
/** n → largest share of characters in n-grams seen before. */
const MAX_REPEATED: ReadonlyMap<number, number> = new Map([
  [5, 0.15],
  [6, 0.14],
  [7, 0.13],
  [8, 0.12],
  [9, 0.11],
  [10, 0.1],
]);

/** The rule that `text` breaks, or undefined. `words` are its runs between white space. */
export function judgeRepetition(text: string, words: readonly string[]): string | undefined {
  const lines = duplicates(text.split("\n"));
  if (lines.count > MAX_DUPLICATE_LINES) return "duplicate lines (Gopher)";
  if (lines.characters > MAX_DUPLICATE_LINE_CHARACTERS) return "characters in duplicate lines (Gopher)";
  const paragraphs = duplicates(text.split(/\n{2,}/));
  if (paragraphs.count > MAX_DUPLICATE_PARAGRAPHS) return "duplicate paragraphs (Gopher)";
  if (paragraphs.characters > MAX_DUPLICATE_PARAGRAPH_CHARACTERS) {
    return "characters in duplicate paragraphs (Gopher)";
  }
  const lengths = words.map((word) => word.length);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  let grams = internAll(words);
  for (let n = 2; n <= 10; n++) {
    grams = extendGrams(grams, words.length, n);
    const top = MAX_TOP.get(n);
    if (top !== undefined && topCharacters(grams, lengths, n) > top * total) {
      return `one ${n}-gram too often (Gopher)`;
    }
    const repeated = MAX_REPEATED.get(n);
    if (repeated !== undefined && repeatedCharacters(grams, lengths, n) > repeated * total) {
      return `repeated ${n}-grams (Gopher)`;
    }
  }
  return undefined;
}

function duplicates(units: readonly string[]): { count: number; characters: number } {
  const seen = new Set<string>();
  let [total, repeated, totalCharacters, repeatedCharacters] = [0, 0, 0, 0];
  for (const unit of units) {
    const trimmed = unit.trim();
    if (trimmed === "") continue;
    total++;
    totalCharacters += trimmed.length;
    if (seen.has(trimmed)) {
      repeated++;
      repeatedCharacters += trimmed.length;
    }
    seen.add(trimmed);
  }
  return {
    count: repeated / Math.max(1, total),
    characters: repeatedCharacters / Math.max(1, totalCharacters),
  };
}

/** The n-grams of a document: `ids[i]` names the one that starts at word i; `words[i]` names word i. */
interface Grams {
  ids: Int32Array;
  words: Int32Array;
}

function internAll(words: readonly string[]): Grams {
  const known = new Map<string, number>();
  const ids = Int32Array.from(words, (word) => {
    const id = known.get(word) ?? known.size;
    if (id === known.size) known.set(word, id);
    return id;
  });
  return { ids, words: ids };
}

/** From (n-1)-grams to n-grams, exactly: an n-gram is an (n-1)-gram and one more word. */
function extendGrams({ ids, words }: Grams, numWords: number, n: number): Grams {
  const known = new Map<number, number>();
  const longer = new Int32Array(Math.max(0, numWords - n + 1));
  for (let i = 0; i < longer.length; i++) {
    const key = ids[i]! * 2 ** 26 + words[i + n - 1]!;
    const id = known.get(key) ?? known.size;
    if (id === known.size) known.set(key, id);
    longer[i] = id;
  }
  return { ids: longer, words };
}

/** Characters in all occurrences of the most frequent n-gram, if it occurs twice; the longest of equals. */
function topCharacters({ ids }: Grams, lengths: readonly number[], n: number): number {
  const counts = new Int32Array(ids.length);
  let [best, characters] = [1, 0];
  for (const [i, id] of ids.entries()) {
    const count = ++counts[id]!;
    if (count < 2 || count < best) continue;
    const length = gramLength(lengths, i, n);
    characters = count > best ? count * length : Math.max(characters, count * length);
    best = count;
  }
  return characters;
}

/** Characters in n-grams seen before; overlapping ones count once. */
function repeatedCharacters({ ids }: Grams, lengths: readonly number[], n: number): number {
  const seen = new Uint8Array(ids.length);
  let characters = 0;
  for (let i = 0; i < ids.length;) {
    const id = ids[i]!;
    if (seen[id] === 1) {
      characters += gramLength(lengths, i, n);
      i += n;
    } else {
      seen[id] = 1;
      i++;
    }
  }
  return characters;
}

function gramLength(lengths: readonly number[], start: number, n: number): number {
  let length = 0;
  for (let i = start; i < start + n; i++) length += lengths[i]!;
  return length;
}
