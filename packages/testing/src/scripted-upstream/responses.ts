// OpenAI Responses as the provider serves them, without a store: what came before must be sent again.
import { openAiError } from "./chat-completions.ts";
import { oneOf, optional, refuseUnknown } from "./check.ts";
import { toFlag, toInteger, toList, toNumber, toObject, toText } from "./check.ts";
import type { AnswerFacts, Body, ScriptedProtocol, WireEvent } from "./protocol.ts";
import { readInput } from "./response-input.ts";
import { ResponseEvents, toItems } from "./response-output.ts";
import { Refusal } from "./turn.ts";
import type { OfferedTool, Reply, Turn } from "./turn.ts";

const KNOWN = new Set(
  `access_programs background client_metadata context_management conversation image include input instructions
  max_output_tokens max_tool_calls metadata model moderation parallel_tool_calls previous_response_id prompt
  prompt_cache_key prompt_cache_options prompt_cache_retention reasoning safety_identifier service_tier store stream
  stream_options temperature text tool_choice tools top_logprobs top_p truncation user`.split(/\s+/),
);

export const responses: ScriptedProtocol = {
  name: "responses",
  path: "/v1/responses",
  read,
  numChoices: () => 1,
  whole: (facts) => toResponse(facts, toItems(facts), statusOf(facts.replies[0]!)),
  events,
  error: openAiError,
  errorEvent({ status, message }) {
    const code = status === 429 ? "rate_limit_exceeded" : "server_error";
    const data = { type: "error", sequence_number: 0, code, message, param: null };
    return `event: error\ndata: ${JSON.stringify(data)}\n\n`;
  },
};

function read(body: Body): Turn {
  refuseUnknown(body, KNOWN);
  optional(body["temperature"], "temperature", toNumber(0, 2));
  optional(body["top_p"], "top_p", toNumber(0, 1));
  optional(body["top_logprobs"], "top_logprobs", toInteger(0, 20));
  if (body["previous_response_id"] !== undefined && body["previous_response_id"] !== null) {
    throw new Refusal("Previous response not found.", "previous_response_id", 404);
  }
  const instructions = optional(body["instructions"], "instructions", toText) ?? "";
  const reasoning = optional(body["reasoning"], "reasoning", toObject);
  const effort = optional(
    reasoning?.["effort"],
    "reasoning.effort",
    oneOf("none", "minimal", "low", "medium", "high", "xhigh", "max"),
  );
  const include = optional(body["include"], "include", toList) ?? [];
  for (const entry of include) toText(entry, "include");
  const tools = optional(body["tools"], "tools", toTools) ?? [];
  const input = body["input"];
  if (input === undefined || input === null)
    throw new Refusal("Missing required parameter: 'input'.", "input");
  return {
    model: toText(body["model"], "model"),
    ...readInput(input),
    numInputCharacters: instructions.length + JSON.stringify([input, body["tools"] ?? ""]).length,
    tools,
    toolChoice: optional(body["tool_choice"], "tool_choice", (value) => toChoice(value, tools)) ?? "auto",
    parallelCalls: optional(body["parallel_tool_calls"], "parallel_tool_calls", toFlag) ?? true,
    json: toFormat(optional(body["text"], "text", toObject)),
    maxTokens: optional(body["max_output_tokens"], "max_output_tokens", toInteger(1, 2 ** 31)),
    stop: [],
    reasons: effort !== undefined && effort !== "none" && effort !== "minimal",
  };
}

function toTools(value: unknown, param: string): OfferedTool[] {
  const tools: OfferedTool[] = [];
  for (const [index, entry] of toList(value, param).entries()) {
    const tool = toObject(entry, `tools[${index}]`);
    const type = toText(tool["type"], `tools[${index}].type`);
    if (type === "namespace") {
      tools.push(...toTools(tool["tools"] ?? [], `tools[${index}].tools`));
      continue;
    }
    // Tools that the provider runs itself are never called here.
    if (type !== "function" && type !== "custom") continue;
    const name = toText(tool["name"], `tools[${index}].name`);
    const schema = optional(tool["parameters"], `tools[${index}].parameters`, toObject);
    tools.push({ name, schema: schema ?? { type: "object" }, isCustom: type === "custom" });
  }
  return tools;
}

function toChoice(value: unknown, tools: readonly OfferedTool[]): Turn["toolChoice"] {
  if (typeof value === "string") {
    return oneOf("auto", "none", "required")(value, "tool_choice") as "auto" | "none" | "required";
  }
  const choice = toObject(value, "tool_choice");
  if (choice["type"] !== "function" && choice["type"] !== "custom") return "auto";
  const name = toText(choice["name"], "tool_choice.name");
  if (!tools.some((tool) => tool.name === name)) {
    throw new Refusal(`Tool choice '${name}' not found in 'tools' parameter.`, "tool_choice");
  }
  return { name };
}

function toFormat(text: Body | undefined): Turn["json"] {
  const format = optional(text?.["format"], "text.format", toObject);
  if (format === undefined) return undefined;
  const type = oneOf("text", "json_object", "json_schema")(format["type"], "text.format.type");
  if (type === "text") return undefined;
  if (type === "json_object") return { schema: undefined };
  toText(format["name"], "text.format.name");
  return { schema: toObject(format["schema"], "text.format.schema") };
}

type Status = "in_progress" | "completed" | "incomplete";

function statusOf(reply: Reply): Status {
  return reply.finish === "length" ? "incomplete" : "completed";
}

function toResponse({ id, body, turn, usage }: AnswerFacts, output: object[], status: Status): object {
  return {
    id: `resp_${id}`,
    object: "response",
    created_at: 1_700_000_000,
    status,
    error: null,
    incomplete_details: status === "incomplete" ? { reason: "max_output_tokens" } : null,
    instructions: body["instructions"] ?? null,
    max_output_tokens: body["max_output_tokens"] ?? null,
    model: turn.model,
    output,
    parallel_tool_calls: turn.parallelCalls,
    previous_response_id: null,
    reasoning: body["reasoning"] ?? { effort: null, summary: null },
    store: body["store"] ?? true,
    temperature: body["temperature"] ?? 1,
    text: body["text"] ?? { format: { type: "text" } },
    tool_choice: body["tool_choice"] ?? "auto",
    tools: body["tools"] ?? [],
    top_p: body["top_p"] ?? 1,
    truncation: "disabled",
    metadata: body["metadata"] ?? {},
    usage: status === "in_progress" || !usage ? null : toUsage(usage),
  };
}

function toUsage(usage: Reply["usage"]): object {
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
  };
}

function events(facts: AnswerFacts): WireEvent[] {
  const writer = new ResponseEvents();
  const opened = toResponse(facts, [], "in_progress");
  writer.add("response.created", { response: opened });
  writer.add("response.in_progress", { response: opened });
  const output = writer.writeItems(facts);
  const status = statusOf(facts.replies[0]!);
  writer.add(`response.${status}`, { response: toResponse(facts, output, status) });
  return writer.list;
}
