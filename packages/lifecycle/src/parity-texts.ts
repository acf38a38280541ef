// The held-out texts that trainer and server are compared on. A small text is cut finer until there are enough
// of them: ids and log-probabilities can be compared on any stretch.
import { PARITY_SAMPLE, type ChatMessage } from "@homegrown/contracts";
import type { Dataset } from "@homegrown/data";
import { cutPassages, toContinuation } from "./continuations.ts";

export interface ParityTexts {
  passages: string[];
  /** Each ends with an answer. */
  conversations: ChatMessage[][];
}

/** In characters; parity scores some 256 tokens of each. */
const PASSAGE_LENGTHS = [2000, 1000, 500, 250, 120, 60, 30, 15, 8];
const CONVERSATION_LENGTHS = [600, 300, 150, 75, 40];

/** Deterministic: as many as `PARITY_SAMPLE` asks for, fewer only where the held-out text holds no more. */
export async function chooseParityTexts(text: Dataset, pairs: Dataset): Promise<ParityTexts> {
  const documents: string[] = [];
  for await (const document of text.heldOutDocuments()) {
    documents.push(document.text);
    if (documents.length === PARITY_SAMPLE.passages) break;
  }
  const conversations: ChatMessage[][] = [];
  for await (const { messages } of pairs.heldOutDocuments()) {
    if (messages) conversations.push(messages);
    if (conversations.length === PARITY_SAMPLE.conversations) break;
  }
  const missing = PARITY_SAMPLE.conversations - conversations.length;
  return {
    passages: cutUntilEnough(documents, PARITY_SAMPLE.passages, PASSAGE_LENGTHS, (passage) => passage),
    conversations: [
      ...conversations,
      ...cutUntilEnough(documents, missing, CONVERSATION_LENGTHS, (passage) => toContinuation(passage)),
    ],
  };
}

/** The first `count` pieces, one of each document in turn, of the greatest length that gives as many. */
function cutUntilEnough<Piece>(
  documents: readonly string[],
  count: number,
  lengths: readonly number[],
  toPiece: (passage: string) => Piece | undefined,
): Piece[] {
  if (count === 0) return [];
  let most: Piece[] = [];
  for (const length of lengths) {
    const cut = documents.map((document) => [...cutPassages(document.slice(0, count * length), length)]);
    const pieces: Piece[] = [];
    for (let turn = 0; cut.some((passages) => turn < passages.length); turn++) {
      for (const passages of cut) {
        const passage = passages[turn]?.toWellFormed() ?? "";
        const piece = passage.trim() === "" ? undefined : toPiece(passage);
        if (piece !== undefined) pieces.push(piece);
      }
    }
    if (pieces.length > most.length) most = pieces;
    if (most.length >= count) break;
  }
  return most.slice(0, count);
}
