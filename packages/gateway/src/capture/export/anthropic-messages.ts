import {
  Unexportable,
  toAssistant,
  toConversation,
  toFields,
  toList,
  toTool,
  toToolCall,
} from "./conversation.ts";
import type { ChatMessage, Conversation, Fields, Finish, Tool, ToolCall } from "./conversation.ts";

/** Throws `Unexportable`. */
export function fromMessages(request: Fields, answer: Fields): Conversation {
  const messages: ChatMessage[] = [];
  const system = request["system"];
  if (system) messages.push({ role: "system", content: toText(system) });
  /** Results name the call alone. */
  const toolOfCall = new Map<unknown, string>();
  for (const one of toList(request["messages"])) {
    const { role, content } = toFields(one);
    if (role === "assistant") messages.push(fromAssistant(content, toolOfCall));
    else if (role === "user") messages.push(...fromUser(content, toolOfCall));
    else if (role === "system") messages.push({ role, content: toText(content) });
    else throw new Unexportable("unreadable");
  }
  const message = fromAssistant(answer["content"], toolOfCall);
  const finish = toFinish(answer["stop_reason"]);
  return toConversation(messages, toTools(request["tools"]), [{ choice: 0, message, finish }]);
}

function fromAssistant(content: unknown, toolOfCall: Map<unknown, string>): ChatMessage {
  if (typeof content === "string") return toAssistant(content, []);
  const calls: ToolCall[] = [];
  let text = "";
  for (const one of toList(content)) {
    const block = toFields(one);
    switch (block["type"]) {
      case "text":
        text += toText([block]);
        break;
      case "tool_use": {
        const call = toToolCall(block["id"], block["name"], block["input"]);
        toolOfCall.set(block["id"], call.function.name);
        calls.push(call);
        break;
      }
      // Thoughts are not what was answered.
      case "thinking":
      case "redacted_thinking":
        break;
      default:
        throw new Unexportable("hosted-tools");
    }
  }
  return toAssistant(text, calls);
}

/** Results of tools come first, as they do for those who made the call. */
function fromUser(content: unknown, toolOfCall: ReadonlyMap<unknown, string>): ChatMessage[] {
  if (typeof content === "string") return [{ role: "user", content }];
  const results: ChatMessage[] = [];
  let text: string | undefined;
  for (const one of toList(content)) {
    const block = toFields(one);
    if (block["type"] === "tool_result") results.push(fromResult(block, toolOfCall));
    else text = (text ?? "") + toText([block]);
  }
  return text === undefined ? results : [...results, { role: "user", content: text }];
}

function fromResult(
  { tool_use_id: id, content }: Fields,
  toolOfCall: ReadonlyMap<unknown, string>,
): ChatMessage {
  const name = toolOfCall.get(id);
  return {
    role: "tool",
    content: content === undefined || content === null ? "" : toText(content),
    ...(name !== undefined && { name }),
    ...(typeof id === "string" && { tool_call_id: id }),
  };
}

function toText(content: unknown): string {
  if (typeof content === "string") return content;
  return toList(content)
    .map((one) => {
      const { type, text } = toFields(one);
      if (type === "text" && typeof text === "string") return text;
      throw new Unexportable("media");
    })
    .join("");
}

/** Anthropic's own tools have a type and no schema. */
function toTools(tools: unknown): Tool[] {
  return toList(tools ?? []).flatMap((one) => {
    const { name, description, input_schema: schema } = toFields(one);
    return schema === undefined ? [] : [toTool(name, description, schema)];
  });
}

function toFinish(reason: unknown): Finish {
  if (reason === "refusal") return "filtered";
  const isCut =
    reason === "max_tokens" || reason === "model_context_window_exceeded" || reason === "pause_turn";
  return isCut ? "truncated" : "complete";
}
