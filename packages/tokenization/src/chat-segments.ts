// A rendered conversation, cut where special tokens stand that the template wrote. What a person typed is
// never markup: a message that holds the characters `<|im_end|>` keeps them as plain text. Trainer and
// server both encode requests through these segments, so both see the same ids; between two special tokens the
// text of template and message is one piece, as when the whole string is encoded at once.
import { HomegrownError } from "@homegrown/contracts";
import type { ChatMessage } from "@homegrown/contracts";
import { renderChat } from "./chat-template.ts";
import type { RenderChatOptions } from "./chat-template.ts";

export interface ChatSegment {
  text: string;
  /** True: exactly one special token. False: plain text, to be encoded without looking for specials. */
  special: boolean;
}

export interface SegmentChatOptions extends RenderChatOptions {
  /** The spellings that the template may use as single tokens, for example `<|im_start|>`. */
  specialTokens: readonly string[];
}

/** Unicode's 32 noncharacters that no text carries; one of them marks a spelling that a person typed. */
const NONCHARACTERS = Array.from({ length: 32 }, (_, i) => String.fromCharCode(0xfdd0 + i));

/**
 * The conversation as segments whose texts, joined, are `renderChat`'s output. Throws
 * `tokenization/bad-chat-template` as `renderChat` does, and `tokenization/markup-in-message` when the
 * template itself acts on a special token's spelling inside a message.
 */
export function segmentChat(template: string, options: SegmentChatOptions): ChatSegment[] {
  const specials = options.specialTokens.filter((token) => token.length > 1);
  const guard = NONCHARACTERS.find((mark) =>
    options.messages.every(({ content }) => !content.includes(mark)),
  );
  if (guard === undefined) throw markupInMessage();
  const messages = options.messages.map((message) => guardMessage(message, specials, guard));
  const marked = renderChat(template, { ...options, messages });
  const text = marked.replaceAll(guard, "");
  if (text !== marked && text !== renderChat(template, options)) throw markupInMessage();
  return cutAtSpecials(marked, specials).map((segment) => ({
    text: segment.text.replaceAll(guard, ""),
    special: segment.special,
  }));
}

/** The message with every special spelling broken, also one that the template could complete behind it. */
function guardMessage(message: ChatMessage, specials: readonly string[], guard: string): ChatMessage {
  let content = message.content;
  for (const token of specials) content = content.replaceAll(token, token[0] + guard + token.slice(1));
  const tail = longestTail(content, specials);
  if (tail > 0) {
    const at = content.length - tail + 1;
    content = content.slice(0, at) + guard + content.slice(at);
  }
  return { role: message.role, content };
}

/** Length of the longest end of `text` that begins a special token without completing it. */
function longestTail(text: string, specials: readonly string[]): number {
  let longest = 0;
  for (const token of specials) {
    for (let length = token.length - 1; length > longest; length--) {
      if (text.endsWith(token.slice(0, length))) longest = length;
    }
  }
  return longest;
}

function cutAtSpecials(text: string, specials: readonly string[]): ChatSegment[] {
  if (specials.length === 0) return text === "" ? [] : [{ text, special: false }];
  const escaped = specials
    .toSorted((a, b) => b.length - a.length)
    .map((token) => token.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return text
    .split(new RegExp(`(${escaped.join("|")})`))
    .map((piece, index) => ({ text: piece, special: index % 2 === 1 }))
    .filter((segment) => segment.text !== "");
}

function markupInMessage(): HomegrownError {
  return new HomegrownError({
    code: "tokenization/markup-in-message",
    kind: "invalid-input",
    message: "a message holds text that this model's chat template treats as markup of its own",
    hint: "Remove special tokens such as <|im_end|> from the messages, or send the text to the completions endpoint.",
  });
}
