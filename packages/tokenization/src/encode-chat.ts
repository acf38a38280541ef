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

/** Ids of a conversation as training and serving see it: special ids come from the template alone. */
export function encodeChat(tokenizer: ChatTokenizer, template: string, options: EncodeChatOptions): number[] {
  const specialTokens = tokenizer.json.added_tokens
    .filter(({ special }) => special)
    .map(({ content }) => content);
  return segmentChat(template, { ...options, specialTokens }).flatMap(({ text, special }) =>
    special ? [tokenizer.specialTokenId(text)] : tokenizer.encode(text),
  );
}
