import type { ChatMessage } from "@homegrown/contracts";
import { segmentChat } from "./chat-segments.ts";
import { SPECIAL_TOKENS } from "./special-tokens.ts";
import type { Tokenizer } from "./tokenizer.ts";

export interface EncodeChatOptions {
  messages: readonly ChatMessage[];
  addGenerationPrompt: boolean;
  /** Default: those that Homegrown's own tokenizers have. */
  specialTokens?: readonly string[];
}

/** Ids of a conversation as training and serving see it: special ids come from the template alone. */
export function encodeChat(tokenizer: Tokenizer, template: string, options: EncodeChatOptions): number[] {
  const { messages, addGenerationPrompt, specialTokens = SPECIAL_TOKENS } = options;
  return segmentChat(template, { messages, addGenerationPrompt, specialTokens }).flatMap(({ text, special }) =>
    special ? [tokenizer.specialTokenId(text)] : tokenizer.encode(text),
  );
}
