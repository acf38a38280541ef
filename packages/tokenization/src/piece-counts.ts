// How often each unique pre-token occurs, in bounded memory.
import { forEachPreToken } from "./pre-tokenizer.ts";

export type PieceCounts = ReadonlyMap<string, number>;

/** Runs without a break (base64, minified data) teach no merges worth a token. */
const MAX_PIECE_LENGTH = 256;

/**
 * Counts over all of `texts`. When more than `maxUnique` differ, those of the lowest counts are forgotten
 * (lossy counting, Manku and Motwani 2002): a frequent piece survives, at most undercounted by the pruned
 * floor.
 */
export async function countPieces(
  texts: AsyncIterable<string> | Iterable<string>,
  maxUnique: number,
  signal?: AbortSignal,
): Promise<PieceCounts> {
  const counts = new Map<string, number>();
  let floor = 1;
  const add = (piece: string): void => {
    const known = counts.get(piece);
    if (known !== undefined) counts.set(piece, known + 1);
    else if (piece.length <= MAX_PIECE_LENGTH) counts.set(ownCopy(piece), 1);
  };
  for await (const text of texts) {
    signal?.throwIfAborted();
    forEachPreToken(text.toWellFormed().normalize("NFC"), add);
    while (counts.size > maxUnique) {
      for (const [piece, count] of counts) if (count <= floor) counts.delete(piece);
      floor++;
    }
  }
  return counts;
}

/** A slice keeps its whole text alive; a string of 13 characters or more is a slice in V8. */
function ownCopy(piece: string): string {
  return piece.length < 13 ? piece : Buffer.from(piece).toString();
}
