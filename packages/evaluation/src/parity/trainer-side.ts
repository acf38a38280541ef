import type { ChatMessage, TokenizerJson } from "@homegrown/contracts";
import { END_OF_TEXT, END_OF_TURN, encodeChat, renderChat } from "@homegrown/tokenization";
import type { EvaluationScorer } from "../held-out/bits-per-byte.ts";

/** What parity needs to see of the trainer; the mirror image of `ModelInspection`. */
export interface TrainerSide {
  /** Ends with the generation prompt unless the last message is the assistant's. */
  renderChat(messages: readonly ChatMessage[]): string;
  /** Ids of the rendered conversation; special ids come from the template only. */
  encodeChat(messages: readonly ChatMessage[]): readonly number[];
  /** Plain text to ids. */
  tokenize(text: string): readonly number[];
  readonly stopIds: readonly number[];
  /** Stands before a passage, as in training. */
  readonly endOfTextId: number;
  /** Stands behind an answer, as in training. */
  readonly endOfTurnId: number;
  readonly scorer: EvaluationScorer;
}

/** The trainer's side from its parts: a `Tokenizer`, the chat template and a scorer of the trained weights. */
export function toTrainerSide(parts: {
  tokenizer: {
    readonly json: TokenizerJson;
    encode(text: string): readonly number[];
    specialTokenId(text: string): number;
  };
  template: string;
  scorer: EvaluationScorer;
  stopIds: readonly number[];
}): TrainerSide {
  const { tokenizer, template, scorer, stopIds } = parts;
  return {
    renderChat: (messages) => renderChat(template, { messages, addGenerationPrompt: needsAnswer(messages) }),
    encodeChat: (messages) =>
      encodeChat(tokenizer, template, { messages, addGenerationPrompt: needsAnswer(messages) }),
    tokenize: (text) => tokenizer.encode(text),
    stopIds,
    endOfTextId: tokenizer.specialTokenId(END_OF_TEXT),
    endOfTurnId: tokenizer.specialTokenId(END_OF_TURN),
    scorer,
  };
}

function needsAnswer(messages: readonly ChatMessage[]): boolean {
  return messages.at(-1)?.role !== "assistant";
}
