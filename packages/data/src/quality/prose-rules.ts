// What makes prose not worth learning: the quality rules of Gopher (Rae et al. 2021, arXiv 2112.11446,
// appendix A.1.1) and those of C4 (Raffel et al. 2020, arXiv 1910.10683, §2.2) that judge a whole document.
// Not applied, because the sources are files and not web pages, and not only English: C4's terminal
// punctuation, cookie and JavaScript lines, Gopher's English stop words. See docs/decisions/0004.

export interface ProseLimits {
  minWords: number;
  maxWords: number;
  minMeanWordLength: number;
  maxMeanWordLength: number;
  maxSymbolsPerWord: number;
  maxBulletLines: number;
  maxEllipsisLines: number;
  minAlphabeticWords: number;
  minSentences: number;
}

export const DEFAULT_PROSE_LIMITS: ProseLimits = {
  minWords: 50,
  maxWords: 100_000,
  minMeanWordLength: 3,
  maxMeanWordLength: 10,
  maxSymbolsPerWord: 0.1,
  maxBulletLines: 0.9,
  maxEllipsisLines: 0.3,
  minAlphabeticWords: 0.8,
  minSentences: 3,
};

/** Scripts that put no spaces between words: a character stands for half a word there. */
const UNSPACED =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\p{sc=Tibetan}]/gu;
const UNSPACED_SHARE = 0.3;
const SENTENCE_END = /[.!?…。！？؟।][\p{Pf}\p{Pe}"'*_)\]]*(?=\s|$)|[。！？]/gu;

/** The rule that `text` breaks, or undefined. `words` are its runs between white space. */
export function judgeProse(
  text: string,
  words: readonly string[],
  limits: ProseLimits,
  markdown: boolean,
): string | undefined {
  const numUnspaced = text.match(UNSPACED)?.length ?? 0;
  const unspaced = numUnspaced > UNSPACED_SHARE * text.length;
  const numWords = unspaced ? Math.round(numUnspaced / 2) : words.length;
  if (numWords < limits.minWords) return `fewer than ${limits.minWords} words (Gopher)`;
  if (numWords > limits.maxWords) return `more than ${limits.maxWords} words (Gopher)`;
  if (!unspaced) {
    const mean = words.reduce((sum, word) => sum + word.length, 0) / words.length;
    if (mean < limits.minMeanWordLength || mean > limits.maxMeanWordLength) {
      return `mean word length outside ${limits.minMeanWordLength} to ${limits.maxMeanWordLength} (Gopher)`;
    }
  }
  for (const symbol of [/#/g, /\.\.\.|…/g]) {
    if ((text.match(symbol)?.length ?? 0) > limits.maxSymbolsPerWord * numWords) {
      return `symbols per word above ${limits.maxSymbolsPerWord} (Gopher)`;
    }
  }
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const share = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length / lines.length;
  if (share(/^\s*[-*•‣◦+]\s/u) > limits.maxBulletLines) return "nearly all lines are list items (Gopher)";
  if (share(/(\.\.\.|…)\s*$/u) > limits.maxEllipsisLines) return "many lines end in an ellipsis (Gopher)";
  const alphabetic = words.filter((word) => /\p{L}/u.test(word)).length;
  if (alphabetic < limits.minAlphabeticWords * words.length) return "few words with a letter (Gopher)";
  const sentences = text.match(SENTENCE_END)?.length ?? 0;
  if (sentences < limits.minSentences) return `fewer than ${limits.minSentences} sentences (C4)`;
  if (/lorem ipsum/i.test(text)) return "lorem ipsum (C4)";
  // Technical Markdown speaks of code; what C4 hunts with it is code that poses as prose.
  if (!markdown && text.includes("{")) return "curly bracket (C4)";
  return undefined;
}
