// One conversation, from whatever dialect it was held in, in the words that trainers read: Hugging Face's chat
// templates, and TRL on top of them. Text is text; arguments of calls are objects.
// https://huggingface.co/docs/trl/dataset_formats

export interface ToolCall {
  id?: string;
  type: "function";
  function: { name: string; arguments: Readonly<Record<string, unknown>> };
}

export interface ChatMessage {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
  tool_calls?: readonly ToolCall[];
  /** Of a tool's result: which tool, and which call. */
  name?: string;
  tool_call_id?: string;
}

export interface Tool {
  type: "function";
  function: { name: string; description: string; parameters: unknown };
}

/** Why the answer ended. */
export type Finish = "complete" | "truncated" | "filtered";

export interface ChatAnswer {
  choice: number;
  message: ChatMessage;
  finish: Finish;
}

export interface Conversation {
  prompt: readonly ChatMessage[];
  tools: readonly Tool[];
  answers: readonly ChatAnswer[];
}

export type SkipReason =
  /** It shows images, sound or files, which are not kept. */
  | "media"
  /** It goes on from turns that are not part of it. */
  | "incomplete"
  /** A provider's own tools (search, code) answered in between. */
  | "hosted-tools"
  /** Arguments of a call are no JSON object. */
  | "broken-call"
  /** It is not what its dialect says, or says it in a way that nobody uses any more. */
  | "unreadable"
  /** Another kind than was asked for: text where conversations are wanted, or the other way round. */
  | "other-form"
  /** Earlier answers would be learned too, and nobody knows whose they were. */
  | "earlier-answers"
  | "truncated"
  | "filtered"
  /** Nobody said what the shape needs: a correction, or a score. */
  | "no-feedback";

/** Why a capture cannot be said in the words of this file. */
export class Unexportable extends Error {
  readonly reason: SkipReason;

  constructor(reason: SkipReason) {
    super(`a capture cannot be exported: ${reason}`);
    this.reason = reason;
  }
}

/** What was said so far may end with the beginning of the answer, which then belongs to it. */
export function toConversation(
  messages: readonly ChatMessage[],
  tools: readonly Tool[],
  answers: readonly ChatAnswer[],
): Conversation {
  const last = messages.at(-1);
  if (last?.role !== "assistant" || last.tool_calls !== undefined)
    return { prompt: messages, tools, answers };
  return {
    prompt: messages.slice(0, -1),
    tools,
    answers: answers.map((answer) => ({
      ...answer,
      message: { ...answer.message, content: last.content + answer.message.content },
    })),
  };
}

export function toAssistant(content: string, calls: readonly ToolCall[]): ChatMessage {
  return { role: "assistant", content, ...(calls.length > 0 && { tool_calls: calls }) };
}

export function toToolCall(id: unknown, name: unknown, args: unknown): ToolCall {
  if (typeof name !== "string") throw new Unexportable("unreadable");
  const called = { name, arguments: toArguments(args) };
  return { ...(typeof id === "string" && { id }), type: "function", function: called };
}

function toArguments(value: unknown): Readonly<Record<string, unknown>> {
  if (isFields(value)) return value;
  if (value === undefined || value === null || value === "") return {};
  if (typeof value !== "string") throw new Unexportable("broken-call");
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    throw new Unexportable("broken-call");
  }
  if (!isFields(parsed)) throw new Unexportable("broken-call");
  return parsed;
}

export function toTool(name: unknown, description: unknown, parameters: unknown): Tool {
  if (typeof name !== "string") throw new Unexportable("unreadable");
  return {
    type: "function",
    function: {
      name,
      description: typeof description === "string" ? description : "",
      parameters: isFields(parameters) ? parameters : { type: "object", properties: {} },
    },
  };
}

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function toFields(value: unknown): Fields {
  if (!isFields(value)) throw new Unexportable("unreadable");
  return value;
}

export function toList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Unexportable("unreadable");
  return value;
}
