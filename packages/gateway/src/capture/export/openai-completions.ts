import { Unexportable, toFields, toList } from "./conversation.ts";
import type { Fields, Finish } from "./conversation.ts";
import { toFinish } from "./openai-chat.ts";

export interface Continuation {
  choice: number;
  prompt: string;
  text: string;
  finish: Finish;
}

/** Raw text and what came after it, one for each choice. Throws `Unexportable`. */
export function fromCompletions(request: Fields, answer: Fields): Continuation[] {
  const { prompt, suffix, echo } = request;
  const prompts = typeof prompt === "string" ? [prompt] : toList(prompt);
  // Token ids mean nothing without their model, and with a suffix the text does not simply go on.
  if (suffix || prompts.some((one) => typeof one !== "string")) throw new Unexportable("unreadable");
  const choices = toList(answer["choices"]).map(toFields);
  const perPrompt = Math.max(1, Math.floor(choices.length / prompts.length));
  return choices.map(({ index, text, finish_reason }) => {
    const choice = typeof index === "number" ? index : 0;
    const before = prompts[Math.floor(choice / perPrompt)];
    if (typeof before !== "string" || typeof text !== "string") throw new Unexportable("unreadable");
    const isEchoed = echo === true && text.startsWith(before);
    return {
      choice,
      prompt: before,
      text: isEchoed ? text.slice(before.length) : text,
      finish: toFinish(finish_reason),
    };
  });
}
