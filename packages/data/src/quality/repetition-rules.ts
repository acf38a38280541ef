// Gopher's repetition rules (Rae et al. 2021, arXiv 2112.11446, table A1): shares of a document that repeat
// what it has said before, by lines, paragraphs and n-grams of words.

const MAX_DUPLICATE_LINES = 0.3;
const MAX_DUPLICATE_PARAGRAPHS = 0.3;
const MAX_DUPLICATE_LINE_CHARACTERS = 0.2;
const MAX_DUPLICATE_PARAGRAPH_CHARACTERS = 0.2;
/** n → largest share of characters in the one most frequent n-gram. */
const MAX_TOP: readonly [n: number, share: number][] = [
  [2, 0.2],
  [3, 0.18],
  [4, 0.16],
];
/** n → largest share of characters in n-grams seen before. */
const MAX_REPEATED: readonly [n: number, share: number][] = [
  [5, 0.15],
  [6, 0.14],
  [7, 0.13],
  [8, 0.12],
  [9, 0.11],
  [10, 0.1],
];

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
  const total = words.reduce((sum, word) => sum + word.length, 0);
  for (const [n, most] of MAX_TOP) {
    if (topShare(words, n) > most * total) return `one ${n}-gram too often (Gopher)`;
  }
  for (const [n, most] of MAX_REPEATED) {
    if (repeatedCharacters(words, n) > most * total) return `repeated ${n}-grams (Gopher)`;
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

/** Characters in all occurrences of the most frequent n-gram, if it occurs twice. */
function topShare(words: readonly string[], n: number): number {
  const counts = new Map<string, number>();
  let [best, bestLength] = [1, 0];
  for (let i = 0; i + n <= words.length; i++) {
    const gram = words.slice(i, i + n).join(" ");
    const count = (counts.get(gram) ?? 0) + 1;
    counts.set(gram, count);
    if (count > best || (count === best && count > 1 && gram.length > bestLength)) {
      [best, bestLength] = [count, gram.length - (n - 1)];
    }
  }
  return best > 1 ? best * bestLength : 0;
}

/** Characters in n-grams seen before; overlapping ones count once. */
function repeatedCharacters(words: readonly string[], n: number): number {
  const seen = new Set<string>();
  let characters = 0;
  for (let i = 0; i + n <= words.length;) {
    const gram = words.slice(i, i + n);
    const key = gram.join(" ");
    if (seen.has(key)) {
      characters += gram.reduce((sum, word) => sum + word.length, 0);
      i += n;
    } else {
      seen.add(key);
      i++;
    }
  }
  return characters;
}
