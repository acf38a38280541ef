// A conversation → one row of ids and its mask: loss on the assistant's turns alone, their end-of-turn token
// included, so that the model learns to stop. Each answer is tokenised apart from what precedes it, because at
// inference the prompt is tokenised alone and the answer's tokens come one by one. So a row of one question is
// `encodeChat` of the request, the answer, the end of the turn: parity compares these ids with the server's.
import type { ChatMessage } from "@homegrown/contracts";
import { END_OF_TURN, encodeChat, renderChat } from "@homegrown/tokenization";
import type { Tokenizer } from "@homegrown/tokenization";

export interface RowOptions {
  tokenizer: Tokenizer;
  template: string;
  /** Ids per row; shorter conversations are filled up with `padId`, mask 0. */
  rowTokens: number;
  padId: number;
}

export interface Row {
  ids: number[];
  /** 1 where the token counts as a target. */
  mask: Uint8Array;
  /** The conversation as rendered. */
  text: string;
}

/** The row, or why there is none. */
export function renderRow(messages: readonly ChatMessage[], options: RowOptions): Row | { reason: string } {
  const { tokenizer, template, rowTokens, padId } = options;
  const fault = faultOf(messages, tokenizer);
  if (fault !== undefined) return { reason: fault };
  const ids: number[] = [];
  const counted: number[] = [];
  let rendered = "";
  for (const [i, message] of messages.entries()) {
    if (message.role !== "assistant") continue;
    const request = { messages: messages.slice(0, i), addGenerationPrompt: true };
    const prompt = renderChat(template, request);
    const whole = renderChat(template, { messages: messages.slice(0, i + 1), addGenerationPrompt: false });
    if (!prompt.startsWith(rendered) || !whole.startsWith(prompt)) {
      return { reason: "the template rewrites earlier turns" };
    }
    // A later prompt repeats the turns before it, whose ids stand in the row already.
    const before =
      rendered === ""
        ? encodeChat(tokenizer, template, request)
        : tokenizer.encode(prompt.slice(rendered.length), { specialTokens: true });
    const answer = tokenizer.encode(whole.slice(prompt.length), { specialTokens: true });
    const end = answer.lastIndexOf(tokenizer.specialTokenId(END_OF_TURN));
    ids.push(...before, ...answer);
    counted.push(...before.map(() => 0), ...answer.map((_, k) => (end < 0 || k <= end ? 1 : 0)));
    rendered = whole;
    if (ids.length > rowTokens) return { reason: `longer than ${rowTokens} tokens` };
  }
  const mask = new Uint8Array(rowTokens);
  mask.set(counted);
  while (ids.length < rowTokens) ids.push(padId);
  return { ids, mask, text: rendered };
}

function faultOf(messages: readonly ChatMessage[], tokenizer: Tokenizer): string | undefined {
  if (messages.at(-1)?.role !== "assistant") return "does not end with an answer of the assistant";
  if (messages.length < 2) return "no question before the answer";
  if (messages.some(({ content }) => content.trim() === "")) return "empty message";
  // Such text would end the turn where the writer only spoke of it.
  if (messages.some(({ content }) => tokenizer.holdsSpecialToken(content))) return "spells a special token";
  return undefined;
}
