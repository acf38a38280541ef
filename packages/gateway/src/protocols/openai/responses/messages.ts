// Items of a request as the chat port's prompt. An assistant's turn is several items here (its thoughts, its
// text, each call of a tool) and one message there.
import { z } from "zod";
import type { ChatCall } from "@homegrown/contracts";
import { invalidRequest } from "../invalid-request.ts";
import { toInputParts, toTexts } from "./content-parts.ts";
import { isEnvelope, openReasoning } from "./reasoning-envelope.ts";
import type { OpaqueMetadata } from "./reasoning-envelope.ts";
import { check, toCustomArguments } from "./tools.ts";
import type { ToolNames } from "./tools.ts";

type PortMessage = ChatCall["prompt"][number];
type AssistantPart = Extract<PortMessage, { role: "assistant" }>["content"][number];
type ToolPart = Extract<PortMessage, { role: "tool" }>["content"][number];
type ToolOutput = Extract<ToolPart, { type: "tool-result" }>["output"];
export type Item = Readonly<Record<string, unknown>>;

export interface PromptTranslation {
  prompt: PortMessage[];
  /** Kinds of items that were left out, as `input.web_search_call`. */
  dropped: string[];
}

const callIdSchema = z.string().min(1).max(256);
const nameSchema = z.string().min(1).max(128);
const messageSchema = z.object({ role: z.enum(["user", "assistant", "system", "developer"]) });
const functionCallSchema = z.object({
  call_id: callIdSchema,
  name: nameSchema,
  namespace: nameSchema.nullish(),
  arguments: z.string(),
});
const customCallSchema = z.object({
  call_id: callIdSchema,
  name: nameSchema,
  namespace: nameSchema.nullish(),
  input: z.string(),
});
const callOutputSchema = z.object({ call_id: callIdSchema });
const reasoningTextsSchema = z.array(z.object({ text: z.string() }));
const reasoningSchema = z.object({
  summary: reasoningTextsSchema.nullish(),
  content: reasoningTextsSchema.nullish(),
  encrypted_content: z.string().nullish(),
});

/** Traces of what a provider's own tools did; what they led to stands in the messages after them. */
const DROPPABLE = new Set([
  "web_search_call",
  "file_search_call",
  "code_interpreter_call",
  "image_generation_call",
  "mcp_list_tools",
  "mcp_call",
  "mcp_approval_request",
  "mcp_approval_response",
  "tool_search_call",
  "tool_search_output",
]);

/** Throws `gateway/invalid-request` naming the item that the port has no place for. */
export function toPrompt(
  instructions: string | null | undefined,
  items: readonly Item[],
  names: ToolNames,
): PromptTranslation {
  const builder = new PromptBuilder(items, names);
  if (instructions) builder.prompt.push({ role: "system", content: instructions });
  for (const [index, item] of items.entries()) builder.add(item, `input[${index}]`);
  return { prompt: builder.prompt, dropped: [...builder.dropped].map((type) => `input.${type}`) };
}

class PromptBuilder {
  readonly prompt: PortMessage[] = [];
  readonly dropped = new Set<string>();
  readonly #names: ToolNames;
  /** The port's name of the tool that each call so far called. */
  readonly #calls = new Map<string, string>();
  readonly #metadataOfCalls = new Map<string, OpaqueMetadata>();

  constructor(items: readonly Item[], names: ToolNames) {
    this.#names = names;
    // Comes after the calls that it belongs to.
    for (const { type, encrypted_content: sealed } of items) {
      if (type !== "reasoning" || typeof sealed !== "string" || !isEnvelope(sealed)) continue;
      for (const [id, metadata] of Object.entries(openReasoning(sealed)?.calls ?? {})) {
        this.#metadataOfCalls.set(id, metadata);
      }
    }
  }

  add(item: Item, at: string): void {
    const type = item["type"] ?? "message";
    switch (type) {
      case "message":
        return this.#addMessage(item, at);
      case "reasoning":
        return this.#addReasoning(item, at);
      case "function_call": {
        const call = check(functionCallSchema, item, at);
        return this.#addCall(call, parseArguments(call.arguments));
      }
      case "custom_tool_call": {
        const call = check(customCallSchema, item, at);
        return this.#addCall(call, toCustomArguments(call.input));
      }
      case "function_call_output":
      case "custom_tool_call_output":
        return this.#addOutput(item, at);
      case "additional_tools":
        return; // its tools were added to the request's
      default:
        if (typeof type === "string" && DROPPABLE.has(type)) this.dropped.add(type);
        else throw unsupportedItem(at);
    }
  }

  #addMessage(item: Item, at: string): void {
    const { role } = check(messageSchema, item, at);
    const content = item["content"];
    if (role === "user") {
      this.prompt.push({ role, content: toInputParts(content, `${at}.content`) });
    } else if (role === "assistant") {
      const phase = item["phase"];
      for (const text of toTexts(content, `${at}.content`)) {
        this.#assistant({
          type: "text",
          text,
          ...(typeof phase === "string" && { providerOptions: { openai: { phase } } }),
        });
      }
    } else {
      this.prompt.push({ role: "system", content: toTexts(content, `${at}.content`).join("\n") });
    }
  }

  #addReasoning(item: Item, at: string): void {
    const { summary, content, encrypted_content: sealed } = check(reasoningSchema, item, at);
    const shown = [...(content ?? []), ...(summary ?? [])].map((part) => part.text).join("\n\n");
    if (typeof sealed === "string" && isEnvelope(sealed)) {
      const envelope = openReasoning(sealed);
      const text = envelope?.text ?? shown;
      const metadata = envelope?.metadata ?? {};
      if (text === "" && Object.keys(metadata).length === 0) return;
      this.#assistant({ type: "reasoning", text, providerOptions: metadata });
    } else if (sealed) {
      // Made by OpenAI when the conversation passed through to it.
      const providerOptions = { openai: { reasoningEncryptedContent: sealed } };
      this.#assistant({ type: "reasoning", text: shown, providerOptions });
    } else if (shown !== "") {
      this.#assistant({ type: "reasoning", text: shown });
    }
  }

  #addCall(
    call: { call_id: string; name: string; namespace?: string | null | undefined },
    input: unknown,
  ): void {
    const toolName = this.#names.toPort(call.namespace ?? undefined, call.name);
    this.#calls.set(call.call_id, toolName);
    const metadata = this.#metadataOfCalls.get(call.call_id);
    this.#assistant({
      type: "tool-call",
      toolCallId: call.call_id,
      toolName,
      input,
      ...(metadata && { providerOptions: metadata }),
    });
  }

  #addOutput(item: Item, at: string): void {
    const { call_id: toolCallId } = check(callOutputSchema, item, at);
    const toolName = this.#calls.get(toolCallId);
    if (toolName === undefined) {
      throw invalidRequest(
        `${at}.call_id`,
        "value",
        `No call of a tool before '${at}' has its 'call_id'.`,
        "Send the call's own item before its output, or name the response that made it in 'previous_response_id'.",
      );
    }
    const part: ToolPart = {
      type: "tool-result",
      toolCallId,
      toolName,
      output: toOutput(item["output"], `${at}.output`),
    };
    const last = this.prompt.at(-1);
    if (last?.role === "tool") last.content.push(part);
    else this.prompt.push({ role: "tool", content: [part] });
  }

  #assistant(part: AssistantPart): void {
    const last = this.prompt.at(-1);
    if (last?.role === "assistant") last.content.push(part);
    else this.prompt.push({ role: "assistant", content: [part] });
  }
}

function toOutput(output: unknown, at: string): ToolOutput {
  if (typeof output === "string") return { type: "text", value: output };
  const parts = toInputParts(output, at);
  if (parts.every((part) => part.type === "text")) {
    return { type: "text", value: parts.map((part) => part.text).join("\n") };
  }
  return { type: "content", value: parts };
}

/** Models now and then write what is no JSON; providers want JSON in the history all the same. */
function parseArguments(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    return { malformed_arguments: text };
  }
}

function unsupportedItem(at: string): Error {
  return invalidRequest(
    `${at}.type`,
    "unsupported",
    `The model behind this name cannot read '${at}': it is a kind of item that only OpenAI's own service understands.`,
    "Leave the item out, or ask a model of a provider that speaks the Responses protocol itself.",
  );
}
