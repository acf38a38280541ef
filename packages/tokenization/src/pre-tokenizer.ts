// Text → pre-tokens, the pieces inside which merges happen. The pattern is Qwen2's, which llama.cpp knows
// as `qwen2`. Invariant: the pieces joined are the text.

/**
 * `QWEN2_PATTERN` of contracts for JavaScript. Oniguruma's and llama.cpp's `\s` is Unicode White_Space; JavaScript's
 * lacks U+0085 and adds U+FEFF, so the property is named.
 */
const PATTERN =
  /(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\p{White_Space}\p{L}\p{N}]+[\r\n]*|\p{White_Space}*[\r\n]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

const BLOCK_LENGTH = 1 << 18;
// No alternative crosses from a line break to a letter, so a cut there changes no piece.
const SAFE_CUT = /\n(?=[A-Za-z])/g;

/** Calls `visit` with each pre-token of `text`, in order. A long text's pieces never exist all at once. */
export function forEachPreToken(text: string, visit: (piece: string) => void): void {
  for (let start = 0; start < text.length;) {
    const end = findCut(text, start + BLOCK_LENGTH);
    const pieces = (start === 0 && end === text.length ? text : text.slice(start, end)).match(PATTERN);
    if (pieces !== null) for (const piece of pieces) visit(piece);
    start = end;
  }
}

function findCut(text: string, from: number): number {
  if (from >= text.length) return text.length;
  SAFE_CUT.lastIndex = from;
  return SAFE_CUT.exec(text) === null ? text.length : SAFE_CUT.lastIndex;
}
