// What every client of the matrix is driven by: a conversation in words that belong to no client. The history is
// the client's own, in its own types, so that what it was answered is what it sends back.

export interface ConversationOptions {
  /** The gateway, without a path. */
  url: string;
  key: string;
  model: string;
  streamed: boolean;
  tools: readonly ToolDefinition[];
  /** Asks the model to think, and the client to show it. */
  reasons: boolean;
  maxRetries: number;
}

export interface ToolDefinition {
  name: string;
  description: string;
  schema: { type: "object"; properties: Record<string, unknown>; required: string[] };
}

export interface Question {
  text: string;
  /** A PNG, in base64. */
  image?: string;
  stop?: string[];
  maxTokens?: number;
  /** The answer must be what this schema allows. */
  schema?: ToolDefinition["schema"];
  signal?: AbortSignal;
  /** Told of each piece of text of a streamed answer as it comes. */
  onText?: (piece: string) => void;
}

export interface ToolAnswer {
  call: ToolCall;
  text: string;
}

export interface ToolCall {
  id: string;
  name: string;
  input: unknown;
}

export interface Answer {
  text: string;
  reasoning: string;
  calls: readonly ToolCall[];
  finish: "stop" | "length" | "tool-calls";
  inputTokens: number;
  outputTokens: number;
}

export interface Conversation {
  ask(question: Question): Promise<Answer>;
  answerTools(answers: readonly ToolAnswer[]): Promise<Answer>;
}

export type OpenConversation = (options: ConversationOptions) => Conversation;

/** Clients name reasons to stop in their own ways. */
export function toFinish(reason: string | null | undefined): Answer["finish"] {
  switch (reason) {
    case "length":
    case "max_tokens":
    case "max_output_tokens":
      return "length";
    case "tool_calls":
    case "tool_use":
    case "tool-calls":
      return "tool-calls";
    case "stop":
    case "end_turn":
    case "stop_sequence":
    case "completed":
      return "stop";
    default:
      throw new Error(`the client was told of an unknown end: ${String(reason)}`);
  }
}

/** The HTTP status that a client's error carries, however deep. */
export function statusOf(error: unknown): number | undefined {
  for (let at = error, depth = 0; at !== null && typeof at === "object" && depth < 6; depth++) {
    const { status, statusCode, cause, lastError } = at as Record<string, unknown>;
    if (typeof status === "number") return status;
    if (typeof statusCode === "number") return statusCode;
    at = lastError ?? cause;
  }
  return undefined;
}
