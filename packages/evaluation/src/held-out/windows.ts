/** One call of the scorer: ids[start, end) are fed, ids[scoreFrom, end) are scored by it. */
export interface ScoringWindow {
  start: number;
  end: number;
  scoreFrom: number;
}

/**
 * Cuts a sequence into overlapping windows so that every id but the first is scored exactly once, with
 * at least `windowTokens - strideTokens` ids of context once that many exist.
 * @param numIds ids of the document, the leading <|endoftext|> included
 * @see "Perplexity of fixed-length models", Hugging Face transformers documentation (sliding window)
 */
export function cutWindows(numIds: number, windowTokens: number, strideTokens: number): ScoringWindow[] {
  const windows: ScoringWindow[] = [];
  let scoreFrom = 1;
  let start = 0;
  while (scoreFrom < numIds) {
    const end = Math.min(start + windowTokens, numIds);
    windows.push({ start, end, scoreFrom });
    scoreFrom = end;
    start += strideTokens;
  }
  return windows;
}
