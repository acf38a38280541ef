import type { ChatCall } from "../../../core/chat.ts";
import { invalidRequest } from "../invalid-request.ts";

interface Message {
  role: string;
  content?: string | { type: string; [field: string]: unknown }[] | null | undefined;
  [field: string]: unknown;
}

type PortMessage = ChatCall["prompt"][number];

/** OpenAI's messages as the chat port's prompt. Throws `gateway/invalid-request`. */
export function toPrompt(messages: readonly Message[]): ChatCall["prompt"] {
  return messages.map(toPortMessage);
}

function toPortMessage(message: Message, index: number): PortMessage {
  const at = `messages[${index}]`;
  switch (message.role) {
    case "system":
    case "developer":
      return { role: "system", content: textsOf(message, at).join("") };
    case "user":
      return { role: "user", content: textsOf(message, at).map((text) => ({ type: "text", text })) };
    case "assistant":
      refuseCalls(message, at);
      return { role: "assistant", content: textsOf(message, at).map((text) => ({ type: "text", text })) };
    case "tool":
    case "function":
      throw invalidRequest(
        `${at}.role`,
        "unsupported",
        `'${at}.role' is '${message.role}', but this server does not support tools.`,
        "Leave messages of tools out.",
      );
    default:
      throw invalidRequest(
        `${at}.role`,
        "value",
        `'${at}.role' is none of the known roles.`,
        "Use one of 'system', 'developer', 'user', 'assistant'.",
      );
  }
}

function textsOf({ role, content, refusal }: Message, at: string): string[] {
  if (typeof content === "string") return [content];
  if (Array.isArray(content)) {
    return content.map((part, index) => textOfPart(part, role, `${at}.content[${index}]`));
  }
  if (role === "assistant" && typeof refusal === "string") return [refusal];
  throw invalidRequest(
    `${at}.content`,
    "missing",
    `The required parameter '${at}.content' is missing.`,
    `Give '${at}.content' a string.`,
  );
}

function textOfPart(part: { type: string; [field: string]: unknown }, role: string, at: string): string {
  const field = part.type === "refusal" && role === "assistant" ? "refusal" : "text";
  if (part.type !== field) {
    throw invalidRequest(
      `${at}.type`,
      "unsupported",
      `'${at}' is a content part of another type than text; this server's models read text only.`,
      "Send text parts only.",
    );
  }
  const text = part[field];
  if (typeof text === "string") return text;
  throw invalidRequest(
    `${at}.${field}`,
    text === undefined ? "missing" : "type",
    `'${at}.${field}' must be a string.`,
    `Give '${at}.${field}' a string.`,
  );
}

function refuseCalls(message: Message, at: string): void {
  for (const field of ["tool_calls", "function_call", "audio"]) {
    const value = message[field];
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) continue;
    throw invalidRequest(
      `${at}.${field}`,
      "unsupported",
      `This server does not support '${at}.${field}'.`,
      `Leave '${field}' out.`,
    );
  }
}
