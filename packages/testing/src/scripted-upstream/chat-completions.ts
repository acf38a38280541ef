// OpenAI chat completions as a provider serves them: strict in what it takes, complete in what it says.
import { describeImage, oneOf, optional, refuseUnknown } from "./check.ts";
import { toFlag, toInteger, toList, toNumber, toObject, toText } from "./check.ts";
import { errorTypeOf } from "./protocol.ts";
import type { AnswerFacts, Body, ScriptedProtocol, WireEvent } from "./protocol.ts";
import { Refusal } from "./turn.ts";
import type { Call, OfferedTool, Reply, ToolResult, Turn } from "./turn.ts";

const KNOWN = new Set(
  `audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages
  metadata modalities model moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key
  prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier
  stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity
  web_search_options`.split(/\s+/),
);

export const chatCompletions: ScriptedProtocol = {
  name: "chat",
  path: "/v1/chat/completions",
  read,
  numChoices: (body) => Number(body["n"] ?? 1),
  whole,
  events,
  error: openAiError,
  errorEvent: (failure) => `data: ${JSON.stringify(openAiError(failure))}\n\n`,
};

export function openAiError({ status, message, param }: Parameters<ScriptedProtocol["error"]>[0]): object {
  const type = errorTypeOf(status, "openai");
  const code = status === 429 ? "rate_limit_exceeded" : status === 404 ? "model_not_found" : null;
  return { error: { message, type, param: param ?? null, code } };
}

function read(body: Body): Turn {
  refuseUnknown(body, KNOWN);
  optional(body["temperature"], "temperature", toNumber(0, 2));
  optional(body["top_p"], "top_p", toNumber(0, 1));
  optional(body["presence_penalty"], "presence_penalty", toNumber(-2, 2));
  optional(body["frequency_penalty"], "frequency_penalty", toNumber(-2, 2));
  optional(body["seed"], "seed", toInteger(-(2 ** 63), 2 ** 63));
  optional(body["n"], "n", toInteger(1, 128));
  optional(body["logprobs"], "logprobs", toFlag);
  optional(body["top_logprobs"], "top_logprobs", toInteger(0, 20));
  if (typeof body["top_logprobs"] === "number" && body["logprobs"] !== true) {
    throw new Refusal("top_logprobs: needs logprobs to be true", "top_logprobs");
  }
  const effort = optional(
    body["reasoning_effort"],
    "reasoning_effort",
    oneOf("none", "minimal", "low", "medium", "high", "xhigh", "max"),
  );
  const tools = optional(body["tools"], "tools", toTools) ?? [];
  const messages = toList(body["messages"], "messages");
  if (messages.length === 0) throw new Refusal("messages: expected at least one", "messages");
  const conversation = readMessages(messages);
  return {
    model: toText(body["model"], "model"),
    ...conversation,
    numInputCharacters: JSON.stringify([messages, body["tools"] ?? ""]).length,
    tools,
    toolChoice: optional(body["tool_choice"], "tool_choice", (value) => toChoice(value, tools)) ?? "auto",
    parallelCalls: optional(body["parallel_tool_calls"], "parallel_tool_calls", toFlag) ?? true,
    json: optional(body["response_format"], "response_format", toFormat),
    maxTokens: optional(
      body["max_completion_tokens"] ?? body["max_tokens"],
      "max_tokens",
      toInteger(1, 2 ** 31),
    ),
    stop: toStop(body["stop"]),
    reasons: effort !== undefined && effort !== "none" && effort !== "minimal",
  };
}

export function toStop(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  const list = typeof value === "string" ? [value] : toList(value, "stop");
  if (list.length > 4) throw new Refusal("stop: expected at most 4 sequences", "stop");
  return list.map((sequence) => toText(sequence, "stop"));
}

function toTools(value: unknown, param: string): OfferedTool[] {
  return toList(value, param).map((entry, index) => {
    const tool = toObject(entry, `tools[${index}]`);
    oneOf("function")(tool["type"], `tools[${index}].type`);
    const definition = toObject(tool["function"], `tools[${index}].function`);
    const name = toText(definition["name"], `tools[${index}].function.name`);
    if (!/^[\w-]{1,64}$/.test(name)) {
      throw new Refusal(`Invalid 'tools[${index}].function.name'`, `tools[${index}].function.name`);
    }
    const schema = optional(definition["parameters"], `tools[${index}].function.parameters`, toObject);
    return { name, schema: schema ?? { type: "object" }, isCustom: false };
  });
}

function toChoice(value: unknown, tools: readonly OfferedTool[]): Turn["toolChoice"] {
  if (tools.length === 0) {
    throw new Refusal("'tool_choice' is only allowed when 'tools' are specified.", "tool_choice");
  }
  if (typeof value === "string") {
    return oneOf("auto", "none", "required")(value, "tool_choice") as "auto" | "none" | "required";
  }
  const name = toText(
    toObject(toObject(value, "tool_choice")["function"], "tool_choice.function")["name"],
    "name",
  );
  if (!tools.some((tool) => tool.name === name)) {
    throw new Refusal(`Tool choice '${name}' not found in 'tools'.`, "tool_choice");
  }
  return { name };
}

function toFormat(value: unknown): Turn["json"] {
  const format = toObject(value, "response_format");
  const type = oneOf("text", "json_object", "json_schema")(format["type"], "response_format.type");
  if (type === "text") return undefined;
  if (type === "json_object") return { schema: undefined };
  const schema = toObject(format["json_schema"], "response_format.json_schema");
  toText(schema["name"], "response_format.json_schema.name");
  return { schema: toObject(schema["schema"], "response_format.json_schema.schema") };
}

type Conversation = Pick<Turn, "userText" | "images" | "numFiles" | "toolResults">;

function readMessages(messages: readonly unknown[]): Conversation {
  const images: string[] = [];
  let numFiles = 0;
  let userText = "";
  const open = new Map<string, string>();
  let results: ToolResult[] = [];
  messages.forEach((entry, index) => {
    const at = `messages[${index}]`;
    const message = toObject(entry, at);
    const role = oneOf("system", "developer", "user", "assistant", "tool")(message["role"], `${at}.role`);
    if (role !== "tool" && open.size > 0) {
      throw new Refusal(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.",
        at,
      );
    }
    if (role === "tool") {
      const id = toText(message["tool_call_id"], `${at}.tool_call_id`);
      const name = open.get(id);
      if (name === undefined)
        throw new Refusal(`${at}: no tool call of the id '${id}' precedes it`, "messages");
      open.delete(id);
      results.push({ name, text: contentText(message["content"], `${at}.content`, ["text"]).text });
      return;
    }
    results = [];
    if (role === "assistant") {
      const calls = optional(message["tool_calls"], `${at}.tool_calls`, toList) ?? [];
      for (const call of calls) readCall(call, `${at}.tool_calls`, open);
      if (calls.length === 0) contentText(message["content"], `${at}.content`, ["text", "refusal"]);
      return;
    }
    const kinds = role === "user" ? ["text", "image_url", "file", "input_audio"] : ["text"];
    const content = contentText(message["content"], `${at}.content`, kinds);
    if (role !== "user") return;
    userText = content.text;
    images.push(...content.images);
    numFiles += content.numFiles;
  });
  if (open.size > 0) throw new Refusal("tool calls without answers at the end of 'messages'", "messages");
  return { userText, images, numFiles, toolResults: results.length > 0 ? results : undefined };
}

function readCall(value: unknown, at: string, open: Map<string, string>): void {
  const call = toObject(value, at);
  const definition = toObject(call["function"], `${at}.function`);
  toText(definition["arguments"], `${at}.function.arguments`);
  open.set(toText(call["id"], `${at}.id`), toText(definition["name"], `${at}.function.name`));
}

function contentText(
  value: unknown,
  at: string,
  kinds: readonly string[],
): { text: string; images: string[]; numFiles: number } {
  if (typeof value === "string") return { text: value, images: [], numFiles: 0 };
  const images: string[] = [];
  let numFiles = 0;
  const texts: string[] = [];
  for (const entry of toList(value, at)) {
    const part = toObject(entry, at);
    const kind = oneOf(...kinds)(part["type"], `${at}.type`);
    if (kind === "text" || kind === "refusal") texts.push(toText(part[kind], `${at}.${kind}`));
    else if (kind === "image_url") {
      const { url } = toObject(part["image_url"], `${at}.image_url`);
      images.push(describeImage(toText(url, `${at}.image_url.url`), `${at}.image_url.url`));
    } else numFiles++;
  }
  return { text: texts.join(""), images, numFiles };
}

function head({ id, body, turn }: AnswerFacts, object: string): object {
  const seed = body["seed"];
  return {
    id: `chatcmpl-${id}`,
    object,
    created: 1_700_000_000,
    model: turn.model,
    system_fingerprint: typeof seed === "number" ? `fp_seed_${seed}` : "fp_scripted",
  };
}

export function renderOpenAiUsage(usage: Reply["usage"]): object {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  };
}

const FINISH = { stop: "stop", "stop-sequence": "stop", length: "length", "tool-calls": "tool_calls" };

function whole(facts: AnswerFacts): object {
  const choices = facts.replies.map((reply, index) => {
    const calls = reply.calls.map(renderCall);
    return {
      index,
      finish_reason: FINISH[reply.finish],
      message: {
        role: "assistant",
        content: reply.text.length === 0 && calls.length > 0 ? null : reply.text.join(""),
        refusal: null,
        ...(reply.reasoning.length > 0 && { reasoning_content: reply.reasoning.join("") }),
        ...(calls.length > 0 && { tool_calls: calls }),
      },
      logprobs: facts.body["logprobs"] === true ? toLogprobs(reply.text, facts.body["top_logprobs"]) : null,
    };
  });
  const usage = facts.usage && renderOpenAiUsage(facts.usage);
  return { ...head(facts, "chat.completion"), choices, ...(usage && { usage }) };
}

function renderCall({ id, name, input }: Call): object {
  return { id: `call_${id}`, type: "function", function: { name, arguments: input } };
}

function toLogprobs(tokens: readonly string[], top: unknown): object {
  const content = tokens.map((token) => ({
    ...describe(token, 0),
    top_logprobs: Array.from({ length: Number(top ?? 0) }, (_, rank) =>
      describe(rank === 0 ? token : `${token}${rank}`, rank),
    ),
  }));
  return { content, refusal: null };
}

function describe(token: string, rank: number): object {
  return { token, logprob: logprobOf(token, rank), bytes: [...Buffer.from(token)] };
}

export function logprobOf(token: string, rank: number): number {
  return -0.05 * (1 + (token.codePointAt(0)! % 7)) - rank;
}

function events(facts: AnswerFacts): WireEvent[] {
  const shared = head(facts, "chat.completion.chunk");
  const asksForUsage =
    (facts.body["stream_options"] as { include_usage?: boolean } | undefined)?.include_usage === true;
  const list: WireEvent[] = [];
  const add = (choices: object[], tokens: number, usage: object | null = null): void => {
    const chunk = { ...shared, choices, ...(asksForUsage && { usage }) };
    list.push({ text: `data: ${JSON.stringify(chunk)}\n\n`, tokens });
  };
  facts.replies.forEach((reply, index) => {
    const delta = (delta: object, tokens: number, finish: string | null = null, logprobs?: object): void =>
      add([{ index, delta, finish_reason: finish, ...(logprobs && { logprobs }) }], tokens);
    delta({ role: "assistant", content: "" }, 0);
    for (const token of reply.reasoning) delta({ reasoning_content: token }, 1);
    for (const token of reply.text) {
      const logprobs =
        facts.body["logprobs"] === true ? toLogprobs([token], facts.body["top_logprobs"]) : undefined;
      delta({ content: token }, 1, null, logprobs);
    }
    reply.calls.forEach((call, position) => {
      const { id, name, input } = call;
      delta(
        {
          tool_calls: [
            { index: position, id: `call_${id}`, type: "function", function: { name, arguments: "" } },
          ],
        },
        4,
      );
      for (let at = 0; at < input.length; at += 4) {
        const piece = { index: position, function: { arguments: input.slice(at, at + 4) } };
        delta({ tool_calls: [piece] }, 1);
      }
    });
    delta({}, 0, FINISH[reply.finish]);
  });
  if (asksForUsage && facts.usage) add([], 0, renderOpenAiUsage(facts.usage));
  list.push({ text: "data: [DONE]\n\n", tokens: 0 });
  return list;
}
