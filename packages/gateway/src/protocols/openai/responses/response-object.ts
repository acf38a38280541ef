// The `response` object around the output: what it repeats of the request is made once, as text.
import type { AnswerHead } from "../../../core/model-request.ts";
import type { TokenUsage } from "../../../core/token-usage.ts";
import type { Item } from "./messages.ts";
import type { ResponsesBody } from "./request.ts";

/** What answers repeat of their request, as members of a JSON object. */
export interface RequestEcho {
  body: ResponsesBody;
  stored: boolean;
  /** Made when first needed: a request that passes through never does. */
  members(): string;
}

export interface ResponseState {
  status: "in_progress" | "completed" | "incomplete";
  /** Why it is incomplete. */
  reason?: "max_output_tokens" | "content_filter";
  /** Unix time in seconds. */
  completedAt?: number;
  usage?: TokenUsage;
}

export function describeRequest(body: ResponsesBody, stored: boolean): RequestEcho {
  let members: string | undefined;
  return { body, stored, members: () => (members ??= renderEcho(body, stored)) };
}

function renderEcho(body: ResponsesBody, stored: boolean): string {
  const echo = JSON.stringify({
    background: false,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    metadata: body.metadata ?? {},
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    ...(body.prompt_cache_key && { prompt_cache_key: body.prompt_cache_key }),
    reasoning: { effort: body.reasoning?.effort ?? null, summary: toSummary(body) },
    ...(body.safety_identifier && { safety_identifier: body.safety_identifier }),
    service_tier: "default",
    store: stored,
    temperature: body.temperature ?? 1,
    text: { format: toFormat(body), verbosity: body.text?.verbosity ?? "medium" },
    tool_choice: body.tool_choice ?? "auto",
    tools: (body.tools ?? []).map(toEchoedTool),
    top_logprobs: body.top_logprobs ?? 0,
    top_p: body.top_p ?? 1,
    truncation: body.truncation ?? "disabled",
    ...(body.user && { user: body.user }),
  });
  return echo.slice(1, -1);
}

function toSummary({ reasoning }: ResponsesBody): string | null {
  return reasoning?.summary && reasoning.summary !== "none" ? reasoning.summary : null;
}

function toFormat({ text }: ResponsesBody): unknown {
  const format = text?.format ?? { type: "text" };
  return format.type === "json_schema" ? { ...format, strict: format.strict ?? false } : format;
}

/** Clients that check answers strictly expect these two members, which requests may leave out. */
function toEchoedTool(tool: Item): Item {
  if (tool["type"] !== "function") return tool;
  return { ...tool, parameters: tool["parameters"] ?? null, strict: tool["strict"] ?? false };
}

/** `output` is the JSON of its items, joined with commas. */
export function renderResponse(
  head: AnswerHead,
  request: RequestEcho,
  output: string,
  state: ResponseState,
): string {
  const { status, reason, completedAt, usage } = state;
  return (
    `{"id":"${toResponseId(head)}","object":"response","created_at":${head.createdAt},"status":"${status}",` +
    `"completed_at":${completedAt ?? "null"},"error":null,` +
    `"incomplete_details":${reason ? `{"reason":"${reason}"}` : "null"},` +
    `"model":${JSON.stringify(head.model)},"access_programs":null,${request.members()},` +
    `"output":[${output}],"usage":${usage ? renderUsage(usage) : "null"}}`
  );
}

export function toResponseId(head: AnswerHead): string {
  return `resp_${head.id}`;
}

export function toUnixSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

function renderUsage({ input, cacheRead, cacheWrite, output, reasoning }: TokenUsage): string {
  return (
    `{"input_tokens":${input},"input_tokens_details":{"cached_tokens":${cacheRead},"cache_write_tokens":${cacheWrite}},` +
    `"output_tokens":${output},"output_tokens_details":{"reasoning_tokens":${reasoning}},` +
    `"total_tokens":${input + output}}`
  );
}
