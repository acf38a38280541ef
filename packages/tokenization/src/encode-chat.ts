import type { ChatMessage, TokenizerJson } from "@homegrown/contracts";
import { segmentChat } from "./chat-segments.ts";

/** The part of `Tokenizer` that a conversation needs. */
export interface ChatTokenizer {
  readonly json: TokenizerJson;
  encode(text: string): readonly number[];
  specialTokenId(text: string): number;
}

export interface EncodeChatOptions {
  messages: readonly ChatMessage[];
  addGenerationPrompt: boolean;
}

/**
 * Ids of a rendered conversation; special ids come from the template alone. A request (`addGenerationPrompt`) has
 * these ids in the server and in training rows alike. A finished conversation has them where a server reads it
 * as history; a training row tokenises its answer apart from what stands before it, as the answer's tokens come
 * at inference, which is another list when the answer begins with a line break.
 */
export function encodeChat(tokenizer: ChatTokenizer, template: string, options: EncodeChatOptions): number[] {
  const specialTokens = tokenizer.json.added_tokens
    .filter(({ special }) => special)
    .map(({ content }) => content);
  return segmentChat(template, { ...options, specialTokens }).flatMap(({ text, special }) =>
    special ? [tokenizer.specialTokenId(text)] : tokenizer.encode(text),
  );
}
