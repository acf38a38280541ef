import {
  Unexportable,
  isFields,
  toAssistant,
  toConversation,
  toFields,
  toList,
  toTool,
  toToolCall,
} from "./conversation.ts";
import type {
  ChatAnswer,
  ChatMessage,
  Conversation,
  Fields,
  Finish,
  Tool,
  ToolCall,
} from "./conversation.ts";

/** Throws `Unexportable`. */
export function fromChatCompletions(request: Fields, answer: Fields): Conversation {
  const choices = toList(answer["choices"]).map(toFields);
  return toConversation(
    toChatMessages(toList(request["messages"])),
    toList(request["tools"] ?? []).map(fromTool),
    choices.map(fromChoice),
  );
}

/** Also what applications send as corrections. */
export function toChatMessages(messages: readonly unknown[]): ChatMessage[] {
  /** Results name the call alone. */
  const toolOfCall = new Map<string, string>();
  return messages.map((one) => {
    const message = toFields(one);
    switch (message["role"]) {
      case "system":
      case "developer":
        return { role: "system", content: toText(message["content"]) };
      case "user":
        return { role: "user", content: toText(message["content"]) };
      case "assistant":
        return fromAssistant(message, toolOfCall);
      case "tool":
        return fromToolResult(message, toolOfCall);
      default:
        throw new Unexportable("unreadable");
    }
  });
}

function fromAssistant(message: Fields, toolOfCall: Map<string, string>): ChatMessage {
  if (message["audio"]) throw new Unexportable("media");
  if (message["function_call"]) throw new Unexportable("unreadable");
  const calls = toList(message["tool_calls"] ?? []).map(fromCall);
  for (const { id, function: called } of calls) if (id !== undefined) toolOfCall.set(id, called.name);
  return toAssistant(toText(message["content"]) || toText(message["refusal"]), calls);
}

function fromToolResult(message: Fields, toolOfCall: ReadonlyMap<string, string>): ChatMessage {
  const id = message["tool_call_id"];
  if (typeof id !== "string") throw new Unexportable("unreadable");
  const name = toolOfCall.get(id);
  return { role: "tool", content: toText(message["content"]), ...(name && { name }), tool_call_id: id };
}

function fromCall(one: unknown): ToolCall {
  const { id, type, function: called, custom } = toFields(one);
  if (type === "custom") {
    const { name, input } = toFields(custom);
    return toToolCall(id, name, { input });
  }
  const { name, arguments: args } = toFields(called);
  return toToolCall(id, name, args);
}

function fromTool(one: unknown): Tool {
  const { type, function: declared, custom } = toFields(one);
  if (type === "custom") {
    const { name, description } = toFields(custom);
    const input = { type: "string" };
    return toTool(name, description, { type: "object", properties: { input }, required: ["input"] });
  }
  const { name, description, parameters } = toFields(declared);
  return toTool(name, description, parameters);
}

function fromChoice(choice: Fields): ChatAnswer {
  const { index, message, finish_reason } = choice;
  return {
    choice: typeof index === "number" ? index : 0,
    message: fromAssistant(toFields(message), new Map()),
    finish: toFinish(finish_reason),
  };
}

export function toFinish(reason: unknown): Finish {
  if (reason === "length") return "truncated";
  return reason === "content_filter" ? "filtered" : "complete";
}

function toText(content: unknown): string {
  if (typeof content === "string") return content;
  if (content === undefined || content === null) return "";
  return toList(content).map(partText).join("");
}

function partText(part: unknown): string {
  if (!isFields(part)) throw new Unexportable("unreadable");
  if (part["type"] === "text" && typeof part["text"] === "string") return part["text"];
  if (part["type"] === "refusal" && typeof part["refusal"] === "string") return part["refusal"];
  throw new Unexportable("media");
}
