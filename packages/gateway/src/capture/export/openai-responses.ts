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
export function fromResponses(request: Fields, answer: Fields): Conversation {
  if (request["previous_response_id"] || request["conversation"]) throw new Unexportable("incomplete");
  const { input, instructions } = request;
  const before = new Turns();
  if (typeof instructions === "string") before.add({ role: "system", content: instructions });
  if (typeof input === "string") before.add({ role: "user", content: input });
  else for (const item of toList(input)) before.addItem(toFields(item));
  const said = new Turns();
  for (const item of toList(answer["output"])) said.addItem(toFields(item));
  const message = said.messages[0] ?? toAssistant("", []);
  if (said.messages.length > 1 || message.role !== "assistant") throw new Unexportable("hosted-tools");
  return toConversation(before.messages, toTools(request["tools"]), [
    { choice: 0, message, finish: toFinish(answer) },
  ]);
}

/** Items become messages: what an assistant says and calls in a row is one. */
class Turns {
  readonly messages: ChatMessage[] = [];
  readonly #toolOfCall = new Map<unknown, string>();

  add(message: ChatMessage): void {
    this.messages.push(message);
  }

  addItem(item: Fields): void {
    // A message may leave its type out.
    switch (item["type"] ?? "message") {
      case "message":
        return this.#addMessage(item);
      case "function_call":
        return this.#addCall(item, toToolCall(item["call_id"], item["name"], item["arguments"]));
      case "custom_tool_call":
        return this.#addCall(item, toToolCall(item["call_id"], item["name"], { input: item["input"] }));
      case "function_call_output":
      case "custom_tool_call_output":
        return this.#addResult(item);
      case "reasoning":
        return;
      case "item_reference":
        throw new Unexportable("incomplete");
      default:
        throw new Unexportable("hosted-tools");
    }
  }

  #addMessage({ role, content }: Fields): void {
    const text = toText(content);
    if (role === "assistant") this.#append(text, []);
    else if (role === "user") this.add({ role, content: text });
    else if (role === "system" || role === "developer") this.add({ role: "system", content: text });
    else throw new Unexportable("incomplete");
  }

  #addCall({ call_id: id }: Fields, call: ToolCall): void {
    this.#toolOfCall.set(id, call.function.name);
    this.#append("", [call]);
  }

  #addResult({ call_id: id, output }: Fields): void {
    const name = this.#toolOfCall.get(id);
    this.add({
      role: "tool",
      content: toText(output),
      ...(name !== undefined && { name }),
      ...(typeof id === "string" && { tool_call_id: id }),
    });
  }

  #append(text: string, calls: readonly ToolCall[]): void {
    const last = this.messages.at(-1);
    if (last?.role !== "assistant") return this.add(toAssistant(text, calls));
    const joined = [...(last.tool_calls ?? []), ...calls];
    this.messages[this.messages.length - 1] = toAssistant(last.content + text, joined);
  }
}

function toText(content: unknown): string {
  if (typeof content === "string") return content;
  return toList(content)
    .map((one) => {
      const part = toFields(one);
      const text = part["type"] === "refusal" ? part["refusal"] : part["text"];
      if (typeof text !== "string") throw new Unexportable("media");
      return text;
    })
    .join("");
}

/** A provider's own tools are declared without parameters; one that was used shows in the items. */
function toTools(tools: unknown): Tool[] {
  return toList(tools ?? []).flatMap((one) => {
    const { type, name, description, parameters, tools: inner } = toFields(one);
    if (type === "function") return [toTool(name, description, parameters)];
    if (type === "namespace") return toTools(inner);
    if (type !== "custom") return [];
    const input = { type: "string" };
    return [toTool(name, description, { type: "object", properties: { input }, required: ["input"] })];
  });
}

function toFinish({ status, incomplete_details: details }: Fields): Finish {
  if (status !== "incomplete") return "complete";
  return (details as Fields | null)?.["reason"] === "content_filter" ? "filtered" : "truncated";
}
