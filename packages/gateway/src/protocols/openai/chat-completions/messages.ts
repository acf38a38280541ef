import type { ChatCall } from "@homegrown/contracts";
import { invalidRequest } from "../invalid-request.ts";
import { toAudioPart, toFilePart, toImagePart } from "./media.ts";
import type { FilePart } from "./media.ts";
import type { ChatMessageParam, ContentPartParam } from "./request.ts";
import { wrapCustomInput } from "./tools.ts";

type PortMessage = ChatCall["prompt"][number];
type AssistantPart = Extract<PortMessage, { role: "assistant" }>["content"][number];
type ToolPart = Extract<PortMessage, { role: "tool" }>["content"][number];
type ToolOutput = Extract<ToolPart, { type: "tool-result" }>["output"];
type TextPart = { type: "text"; text: string };

/** OpenAI's messages as the chat port's prompt. Throws `gateway/invalid-request`. */
export function toPrompt(messages: readonly ChatMessageParam[]): ChatCall["prompt"] {
  const prompt: PortMessage[] = [];
  /** Which tool each call was of: results name the call alone. */
  const toolOfCall = new Map<string, string>();
  for (const [index, message] of messages.entries()) {
    const at = `messages[${index}]`;
    if (message.role === "tool") {
      const result = toToolResult(message, at, toolOfCall);
      const last = prompt.at(-1);
      // Parallel calls are answered by several messages here, by one in the port.
      if (last?.role === "tool") last.content.push(result);
      else prompt.push({ role: "tool", content: [result] });
    } else {
      prompt.push(withName(toPortMessage(message, at, toolOfCall), message.name));
    }
  }
  return prompt;
}

function withName(message: PortMessage, name: string | null | undefined): PortMessage {
  return name ? { ...message, providerOptions: { openai: { name } } } : message;
}

function toPortMessage(message: ChatMessageParam, at: string, toolOfCall: Map<string, string>): PortMessage {
  switch (message.role) {
    case "system":
    case "developer":
      return { role: "system", content: joinTexts(message, at) };
    case "user":
      return { role: "user", content: contentOf(message, at, toUserPart) };
    case "assistant":
      return { role: "assistant", content: toAssistantParts(message, at, toolOfCall) };
    case "function":
      throw invalidRequest(
        `${at}.role`,
        "unsupported",
        `'${at}.role' is 'function', an old form that is not translated.`,
        "Use 'tool_calls' and messages of role 'tool', which replaced it.",
      );
    default:
      throw invalidRequest(
        `${at}.role`,
        "value",
        `'${at}.role' is none of the known roles.`,
        "Use one of 'system', 'developer', 'user', 'assistant', 'tool'.",
      );
  }
}

function contentOf<Part>(
  { content }: ChatMessageParam,
  at: string,
  toPart: (part: ContentPartParam, at: string) => Part,
): (Part | TextPart)[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  if (Array.isArray(content)) return content.map((part, index) => toPart(part, `${at}.content[${index}]`));
  throw invalidRequest(
    `${at}.content`,
    "missing",
    `The required parameter '${at}.content' is missing.`,
    `Give '${at}.content' a string.`,
  );
}

function toUserPart(part: ContentPartParam, at: string): TextPart | FilePart {
  switch (part.type) {
    case "text":
      return { type: "text", text: part["text"] as string };
    case "image_url":
      return toImagePart(part, at);
    case "input_audio":
      return toAudioPart(part);
    case "file":
      return toFilePart(part, at);
    default:
      throw unsupportedPart(at);
  }
}

function toTextPart(part: ContentPartParam, at: string): TextPart {
  if (part.type !== "text") throw unsupportedPart(at);
  return { type: "text", text: part["text"] as string };
}

/** A refusal is what the assistant said, whatever the field. */
function toAssistantTextPart(part: ContentPartParam, at: string): TextPart {
  return part.type === "refusal" ? { type: "text", text: part["refusal"] as string } : toTextPart(part, at);
}

function joinTexts(message: ChatMessageParam, at: string): string {
  if (typeof message.content === "string") return message.content;
  return contentOf(message, at, toTextPart)
    .map(({ text }) => text)
    .join("");
}

function toAssistantParts(
  message: ChatMessageParam,
  at: string,
  toolOfCall: Map<string, string>,
): AssistantPart[] {
  for (const field of ["function_call", "audio"]) {
    if (message[field] === undefined || message[field] === null) continue;
    throw invalidRequest(
      `${at}.${field}`,
      "unsupported",
      `'${at}.${field}' cannot be shown to the models behind this name.`,
      field === "audio" ? "Send its transcript as 'content'." : "Use 'tool_calls', which replaced it.",
    );
  }
  const parts: AssistantPart[] = [];
  // Not OpenAI's: compatible servers, this one too, say a model's thoughts here and want them back.
  const reasoning = message["reasoning_content"];
  if (typeof reasoning === "string" && reasoning !== "") parts.push({ type: "reasoning", text: reasoning });
  const calls = message.tool_calls ?? [];
  if (message.content !== undefined && message.content !== null) {
    parts.push(...contentOf(message, at, toAssistantTextPart));
  } else if (typeof message.refusal === "string") {
    parts.push({ type: "text", text: message.refusal });
  } else if (calls.length === 0 && parts.length === 0) {
    contentOf(message, at, toAssistantTextPart);
  }
  for (const [index, call] of calls.entries()) {
    const part = toToolCall(call, `${at}.tool_calls[${index}]`);
    toolOfCall.set(part.toolCallId, part.toolName);
    parts.push(part);
  }
  return parts;
}

function toToolCall(
  call: NonNullable<ChatMessageParam["tool_calls"]>[number],
  at: string,
): Extract<AssistantPart, { type: "tool-call" }> {
  const kind = call.type ?? "function";
  if (kind !== "function" && kind !== "custom") {
    throw invalidRequest(
      `${at}.type`,
      "unsupported",
      `'${at}.type' is neither 'function' nor 'custom'.`,
      "Send calls of functions or custom tools only.",
    );
  }
  const field = kind === "function" ? "arguments" : "input";
  const called = (call[kind] ?? {}) as Record<string, unknown>;
  const [name, input] = [called["name"], called[field]];
  if (typeof name !== "string" || typeof input !== "string") {
    const param = `${at}.${kind}.${typeof name === "string" ? field : "name"}`;
    const value = typeof name === "string" ? input : name;
    throw invalidRequest(
      param,
      value === undefined ? "missing" : "type",
      `'${param}' must be a string.`,
      `Give '${param}' a string.`,
    );
  }
  return {
    type: "tool-call",
    toolCallId: call.id,
    toolName: name,
    input: kind === "custom" ? wrapCustomInput(input) : toArguments(input),
  };
}

/** Models do write broken JSON; their next turn should see what they wrote, and no provider takes a string. */
function toArguments(json: string): unknown {
  if (json.trim() === "") return {};
  try {
    const value = JSON.parse(json) as unknown;
    if (value === null) return {};
    if (typeof value === "object" && !Array.isArray(value)) return value;
  } catch {
    // Shown as it is, below.
  }
  return { invalid_arguments: json };
}

function toToolResult(
  message: ChatMessageParam,
  at: string,
  toolOfCall: ReadonlyMap<string, string>,
): ToolPart {
  const id = message.tool_call_id;
  const toolName = id ? toolOfCall.get(id) : undefined;
  if (!id || toolName === undefined) {
    throw invalidRequest(
      `${at}.tool_call_id`,
      id ? "value" : "missing",
      `'${at}.tool_call_id' must name a call among the 'tool_calls' of an earlier message.`,
      "Send the assistant's message with its 'tool_calls' before the results.",
    );
  }
  return { type: "tool-result", toolCallId: id, toolName, output: toToolOutput(message, at) };
}

function toToolOutput(message: ChatMessageParam, at: string): ToolOutput {
  const parts = contentOf(message, at, toUserPart);
  if (parts.every((part) => part.type === "text")) {
    return { type: "text", value: parts.map(({ text }) => text).join("") };
  }
  return { type: "content", value: parts };
}

function unsupportedPart(at: string): Error {
  return invalidRequest(
    `${at}.type`,
    "unsupported",
    `'${at}' is a content part of a type that the models behind this name cannot be shown there.`,
    "Send text; in messages of users also images, audio and files.",
  );
}
