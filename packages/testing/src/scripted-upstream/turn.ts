// One request in words that belong to no protocol, and what is answered to it. Protocols read the one and write
// the other; `compose-reply.ts` stands between them.

export interface Turn {
  model: string;
  /** The text of the last user message: the script is read from it. */
  userText: string;
  /** Everything the model was sent, in characters. */
  numInputCharacters: number;
  /** What each image says of itself, for example `image/png 68 bytes`, or `url`. */
  images: readonly string[];
  numFiles: number;
  tools: readonly OfferedTool[];
  toolChoice: "auto" | "none" | "required" | { name: string };
  parallelCalls: boolean;
  /** Set where the conversation ends in results of tools. */
  toolResults: readonly ToolResult[] | undefined;
  /** The answer must be JSON: any, or what the schema allows. */
  json: { schema: unknown } | undefined;
  maxTokens: number | undefined;
  stop: readonly string[];
  reasons: boolean;
}

export interface OfferedTool {
  name: string;
  schema: unknown;
  /** Takes text instead of JSON (Responses). */
  isCustom: boolean;
}

export interface ToolResult {
  name: string;
  text: string;
}

export interface Reply {
  /** Token by token. */
  reasoning: readonly string[];
  text: readonly string[];
  calls: readonly Call[];
  finish: "stop" | "length" | "tool-calls" | "stop-sequence";
  stopSequence: string | undefined;
  usage: Usage;
}

export interface Call {
  id: string;
  name: string;
  /** JSON, or the text of a custom tool. */
  input: string;
  isCustom: boolean;
}

export interface Usage {
  input: number;
  /** Part of `input`. */
  cacheRead: number;
  /** Part of `input`. */
  cacheWrite: number;
  /** Reasoning included. */
  output: number;
  reasoning: number;
}

/** A request that this provider refuses; protocols render it as their own 400 (or another status). */
export class Refusal extends Error {
  readonly status: number;
  readonly param: string | undefined;

  constructor(message: string, param?: string, status = 400) {
    super(message);
    this.status = status;
    this.param = param;
  }
}
