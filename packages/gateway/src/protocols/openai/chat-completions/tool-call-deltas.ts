import type { ChatStreamPart } from "@homegrown/contracts";
import { unwrapCustomInput } from "./tools.ts";

type Start = Extract<ChatStreamPart, { type: "tool-input-start" }>;
type ToolCall = Extract<ChatStreamPart, { type: "tool-call" }>;

interface Call {
  /** In the order in which the client first hears of them. */
  index: number;
  /** Held back until it is whole: a custom tool's text, whose JSON around it the client must not see. */
  held: boolean;
  sent: string;
}

/**
 * The tool calls of one choice as OpenAI's deltas. Models may stream a call's input, give the call whole, or
 * both; the client gets every call once, and its arguments concatenate to the call's input.
 */
export class ToolCallDeltas {
  readonly #customTools: ReadonlySet<string>;
  readonly #calls = new Map<string, Call>();
  #numShown = 0;
  /** Calls that the provider runs itself: none of the client's business. */
  readonly #hidden = new Set<string>();

  constructor(customTools: ReadonlySet<string>) {
    this.#customTools = customTools;
  }

  get hasCalls(): boolean {
    return this.#numShown > 0;
  }

  /** Each of these gives one element of `delta.tool_calls` as JSON, or undefined. */
  start({ id, toolName, providerExecuted, inputEncoding }: Start): string | undefined {
    if (providerExecuted) {
      this.#hidden.add(id);
      return undefined;
    }
    if (this.#calls.has(id)) return undefined;
    const held = this.#customTools.has(toolName) || inputEncoding === "text";
    const call = this.#add(id, held);
    return held ? undefined : renderFunction(call.index, id, toolName, "");
  }

  delta(id: string, delta: string): string | undefined {
    const call = this.#calls.get(id);
    if (!call || call.held || delta === "") return undefined;
    call.sent += delta;
    return renderArguments(call.index, delta);
  }

  whole({ toolCallId, toolName, input, providerExecuted }: ToolCall): string | undefined {
    if (providerExecuted || this.#hidden.has(toolCallId)) return undefined;
    const begun = this.#calls.get(toolCallId);
    if (!begun || begun.held) {
      const call = this.#add(toolCallId, false);
      call.sent = input;
      return this.#customTools.has(toolName)
        ? renderCustom(call.index, toolCallId, toolName, unwrapCustomInput(input))
        : renderFunction(call.index, toolCallId, toolName, input);
    }
    // Streamed already. Only what is missing of it may follow: what was sent cannot be taken back.
    if (input.length <= begun.sent.length || !input.startsWith(begun.sent)) return undefined;
    const rest = input.slice(begun.sent.length);
    begun.sent = input;
    return renderArguments(begun.index, rest);
  }

  #add(id: string, held: boolean): Call {
    const call = { index: held ? -1 : this.#numShown++, held, sent: "" };
    this.#calls.set(id, call);
    return call;
  }
}

function renderFunction(index: number, id: string, name: string, input: string): string {
  return (
    `{"index":${index},"id":${JSON.stringify(id)},"type":"function",` +
    `"function":{"name":${JSON.stringify(name)},"arguments":${JSON.stringify(input)}}}`
  );
}

function renderCustom(index: number, id: string, name: string, input: string): string {
  return (
    `{"index":${index},"id":${JSON.stringify(id)},"type":"custom",` +
    `"custom":{"name":${JSON.stringify(name)},"input":${JSON.stringify(input)}}}`
  );
}

function renderArguments(index: number, delta: string): string {
  return `{"index":${index},"function":{"arguments":${JSON.stringify(delta)}}}`;
}
