// Anthropic messages and count_tokens as the provider serves them.
import type { IncomingHttpHeaders } from "node:http";
import { oneOf, optional, refuseUnknown, toInteger, toList, toNumber, toObject, toText } from "./check.ts";
import { readMessages } from "./message-turns.ts";
import { errorTypeOf } from "./protocol.ts";
import type { AnswerFacts, Body, ScriptedProtocol, WireEvent } from "./protocol.ts";
import { signThinking } from "./sealed-reasoning.ts";
import { Refusal } from "./turn.ts";
import type { OfferedTool, Reply, Turn } from "./turn.ts";

const COUNTED =
  `cache_control context_management messages model output_config output_format speed system thinking
  tool_choice tools mcp_servers betas user_profile_id workspace_id`.split(/\s+/);
const KNOWN = new Set([
  ...COUNTED,
  ...`billing_policy compaction container diagnostics fallback_credit_token fallbacks inference_geo max_tokens
  metadata service_tier stop_sequences stream temperature thread top_k top_p`.split(/\s+/),
]);

export const messages: ScriptedProtocol = {
  name: "messages",
  path: "/v1/messages",
  read(body, headers) {
    refuseUnknown(body, KNOWN);
    const maxTokens = toInteger(1, 2 ** 31)(body["max_tokens"], "max_tokens");
    return read(body, headers, maxTokens);
  },
  numChoices: () => 1,
  whole,
  events,
  error: anthropicError,
  errorEvent: (failure) => event("error", anthropicError(failure)),
};

export const countTokens: ScriptedProtocol = {
  name: "count-tokens",
  path: "/v1/messages/count_tokens",
  read(body, headers) {
    refuseUnknown(body, new Set(COUNTED));
    return { ...read(body, headers, 1), maxTokens: 0 };
  },
  numChoices: () => 1,
  whole: ({ replies }) => ({ input_tokens: replies[0]!.usage.input }),
  events: undefined,
  error: anthropicError,
  errorEvent: () => "",
};

function anthropicError({ status, message, param }: Parameters<ScriptedProtocol["error"]>[0]): object {
  const details = { error_code: "thread_unsupported_request", unsupported: ["model"] };
  return {
    type: "error",
    error: { type: errorTypeOf(status, "anthropic"), message, ...(param === "thread" && { details }) },
    request_id: "req_scripted",
  };
}

function read(body: Body, headers: IncomingHttpHeaders, maxTokens: number): Turn {
  if (headers["anthropic-version"] === undefined) throw new Refusal("anthropic-version: header is required");
  if (body["thread"] !== undefined && body["thread"] !== null) {
    throw new Refusal("Threads are not available for this model.", "thread");
  }
  const temperature = optional(body["temperature"], "temperature", toNumber(0, 1));
  optional(body["top_p"], "top_p", toNumber(0, 1));
  optional(body["top_k"], "top_k", toInteger(0, 2 ** 31));
  const reasons = optional(body["thinking"], "thinking", (value) => toThinking(value, maxTokens)) ?? false;
  if (reasons && temperature !== undefined && temperature !== 1) {
    throw new Refusal("`temperature` may only be set to 1 when thinking is enabled.", "temperature");
  }
  const tools = optional(body["tools"], "tools", toTools) ?? [];
  const list = toList(body["messages"], "messages");
  if (list.length === 0) throw new Refusal("messages: at least one message is required", "messages");
  const { choice, parallel } = toChoice(body["tool_choice"], tools);
  if (reasons && choice !== "auto" && choice !== "none") {
    throw new Refusal("Thinking may not be enabled when tool_choice forces tool use.", "tool_choice");
  }
  const system = optional(body["system"], "system", toSystem) ?? "";
  const stop = optional(body["stop_sequences"], "stop_sequences", toList) ?? [];
  return {
    model: toText(body["model"], "model"),
    ...readMessages(list, reasons),
    numInputCharacters: system.length + JSON.stringify([list, body["tools"] ?? ""]).length,
    tools,
    toolChoice: choice,
    parallelCalls: parallel,
    json: toFormat(body),
    maxTokens,
    stop: stop.map((sequence) => toText(sequence, "stop_sequences")),
    reasons,
  };
}

function toThinking(value: unknown, maxTokens: number): boolean {
  const thinking = toObject(value, "thinking");
  const type = oneOf("enabled", "disabled", "adaptive")(thinking["type"], "thinking.type");
  if (type !== "enabled") return type === "adaptive";
  const budget = toInteger(1024, 2 ** 31)(thinking["budget_tokens"], "thinking.budget_tokens");
  if (maxTokens > 1 && budget >= maxTokens) {
    throw new Refusal("`max_tokens` must be greater than `thinking.budget_tokens`.", "max_tokens");
  }
  return true;
}

function toTools(value: unknown, param: string): OfferedTool[] {
  const tools: OfferedTool[] = [];
  for (const [index, entry] of toList(value, param).entries()) {
    const tool = toObject(entry, `tools.${index}`);
    const name = toText(tool["name"], `tools.${index}.name`);
    if (!/^[\w-]{1,128}$/.test(name)) throw new Refusal(`tools.${index}.name: invalid`, param);
    // Tools that the provider runs itself are never called here.
    if (tool["type"] !== undefined && tool["type"] !== null && tool["type"] !== "custom") continue;
    const schema = toObject(tool["input_schema"], `tools.${index}.input_schema`);
    oneOf("object")(schema["type"], `tools.${index}.input_schema.type`);
    tools.push({ name, schema, isCustom: false });
  }
  return tools;
}

function toChoice(
  value: unknown,
  tools: readonly OfferedTool[],
): { choice: Turn["toolChoice"]; parallel: boolean } {
  if (value === undefined || value === null) return { choice: "auto", parallel: true };
  if (tools.length === 0) throw new Refusal("tool_choice: may only be given with tools", "tool_choice");
  const choice = toObject(value, "tool_choice");
  const type = oneOf("auto", "any", "tool", "none")(choice["type"], "tool_choice.type");
  const parallel = choice["disable_parallel_tool_use"] !== true;
  if (type !== "tool") return { choice: type === "any" ? "required" : (type as "auto" | "none"), parallel };
  const name = toText(choice["name"], "tool_choice.name");
  if (!tools.some((tool) => tool.name === name))
    throw new Refusal(`Tool '${name}' not found in provided tools`);
  return { choice: { name }, parallel };
}

function toSystem(value: unknown, param: string): string {
  if (typeof value === "string") return value;
  return toList(value, param)
    .map((entry) => toText(toObject(entry, param)["text"], param))
    .join("");
}

function toFormat(body: Body): Turn["json"] {
  const config = optional(body["output_config"], "output_config", toObject);
  const format = optional(config?.["format"] ?? body["output_format"], "output_config.format", toObject);
  if (format === undefined) return undefined;
  oneOf("json_schema")(format["type"], "output_config.format.type");
  return { schema: toObject(format["schema"], "output_config.format.schema") };
}

const STOP_REASON = {
  stop: "end_turn",
  "stop-sequence": "stop_sequence",
  length: "max_tokens",
  "tool-calls": "tool_use",
};

function inputCounts(usage: Reply["usage"]): object {
  return {
    input_tokens: usage.input - usage.cacheRead - usage.cacheWrite,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
  };
}

function inputUsage(usage: Reply["usage"]): object {
  return {
    ...inputCounts(usage),
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite, ephemeral_1h_input_tokens: 0 },
    service_tier: "standard",
  };
}

function whole({ id, turn, replies, usage }: AnswerFacts): object {
  const reply = replies[0]!;
  const content: object[] = [];
  const thinking = reply.reasoning.join("");
  if (thinking !== "") content.push({ type: "thinking", thinking, signature: signThinking(thinking) });
  if (reply.text.length > 0) content.push({ type: "text", text: reply.text.join(""), citations: null });
  for (const { id, name, input } of reply.calls) {
    content.push({ type: "tool_use", id: `toolu_${id}`, name, input: JSON.parse(input) as unknown });
  }
  return {
    ...messageHead(id, turn),
    content,
    stop_reason: STOP_REASON[reply.finish],
    stop_sequence: reply.stopSequence ?? null,
    ...(usage && { usage: { ...inputUsage(usage), output_tokens: usage.output } }),
  };
}

function messageHead(id: string, turn: Turn): object {
  return { id: `msg_${id}`, type: "message", role: "assistant", model: turn.model };
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function events({ id, turn, replies, usage }: AnswerFacts): WireEvent[] {
  const reply = replies[0]!;
  const list: WireEvent[] = [];
  const add = (type: string, data: object, tokens = 0): void => {
    list.push({ text: event(type, { type, ...data }), tokens });
  };
  let index = 0;
  const block = (content_block: object, deltas: readonly object[], tokens = 0): void => {
    add("content_block_start", { index, content_block }, tokens);
    for (const delta of deltas) {
      add("content_block_delta", { index, delta }, "signature" in delta ? 0 : 1);
    }
    add("content_block_stop", { index });
    index++;
  };
  const start = { content: [], stop_reason: null, stop_sequence: null };
  // A message without usage is none to Anthropic's clients: where nothing is told, it is zero.
  const told = usage ? { ...inputUsage(usage), output_tokens: 1 } : { input_tokens: 0, output_tokens: 0 };
  add("message_start", { message: { ...messageHead(id, turn), ...start, usage: told } });
  add("ping", {});
  if (reply.reasoning.length > 0) {
    const deltas = reply.reasoning.map((thinking) => ({ type: "thinking_delta", thinking }));
    const signature = { type: "signature_delta", signature: signThinking(reply.reasoning.join("")) };
    block({ type: "thinking", thinking: "", signature: "" }, [...deltas, signature]);
  }
  if (reply.text.length > 0) {
    block(
      { type: "text", text: "" },
      reply.text.map((text) => ({ type: "text_delta", text })),
    );
  }
  for (const { id, name, input } of reply.calls) {
    const deltas: object[] = [];
    for (let at = 0; at < input.length; at += 4) {
      deltas.push({ type: "input_json_delta", partial_json: input.slice(at, at + 4) });
    }
    block({ type: "tool_use", id: `toolu_${id}`, name, input: {} }, deltas, 4);
  }
  const delta = { stop_reason: STOP_REASON[reply.finish], stop_sequence: reply.stopSequence ?? null };
  // Cumulative: what the beginning told is told again.
  add("message_delta", {
    delta,
    usage: { ...(usage && inputCounts(usage)), output_tokens: usage?.output ?? 0 },
  });
  add("message_stop", {});
  return list;
}
