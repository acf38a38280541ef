import type { ChatMessage } from "@homegrown/contracts";
import { segmentChat } from "./chat-segments.ts";
import type { Tokenizer } from "./tokenizer.ts";

export interface EncodeChatOptions {
  messages: readonly ChatMessage[];
  addGenerationPrompt: boolean;
}

/** Ids of a conversation as training and serving see it: special ids come from the template alone. */
export function encodeChat(tokenizer: Tokenizer, template: string, options: EncodeChatOptions): number[] {
  const specialTokens = tokenizer.json.added_tokens
    .filter(({ special }) => special)
    .map(({ content }) => content);
  return segmentChat(template, { ...options, specialTokens }).flatMap(({ text, special }) =>
    special ? [tokenizer.specialTokenId(text)] : tokenizer.encode(text),
  );
}
