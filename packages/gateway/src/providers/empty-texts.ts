// Some protocols take texts of no characters (an application whose system prompt is not set sends one), others
// refuse the whole request for them. They say nothing, so they are left out.
import type { ChatCall } from "@homegrown/contracts";

type Prompt = ChatCall["prompt"];

/**
 * Without empty system messages, and without empty texts beside other parts of a message of a user or assistant. A
 * message that is nothing but empty texts keeps one: turns must go on taking turns. The same prompt where there is
 * nothing to leave out.
 */
export function withoutEmptyTexts(prompt: Prompt): Prompt {
  if (!prompt.some(hasEmptyText)) return prompt;
  const kept: Prompt = [];
  for (const message of prompt) {
    if (!hasEmptyText(message)) kept.push(message);
    else if (message.role === "user") kept.push({ ...message, content: withSome(message.content) });
    else if (message.role === "assistant") kept.push({ ...message, content: withSome(message.content) });
  }
  return kept;
}

function hasEmptyText({ role, content }: Prompt[number]): boolean {
  if (role === "system") return content === "";
  return role !== "tool" && content.some(isEmptyText);
}

function withSome<Part extends { type: string }>(parts: readonly Part[]): Part[] {
  const said = parts.filter((part) => !isEmptyText(part));
  return said.length > 0 ? said : parts.slice(0, 1);
}

function isEmptyText(part: { type: string; text?: unknown }): boolean {
  return part.type === "text" && part.text === "";
}
