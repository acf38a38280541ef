import type { ChatCall } from "@homegrown/contracts";
import type { ChatTranslation } from "../../../core/model-request.ts";
import { sortOutFields } from "../field-table.ts";
import { invalidRequest } from "../invalid-request.ts";
import { compact, toStopSequences } from "../sampling-fields.ts";
import { CHAT_FIELDS } from "./fields.ts";
import { toPrompt } from "./messages.ts";
import { renderChatCompletion } from "./render.ts";
import type { ChatCompletionBody, ContentPartParam } from "./request.ts";
import { ChatCompletionStream } from "./stream.ts";
import { toPortTools } from "./tools.ts";

type ProviderOptions = NonNullable<ChatCall["providerOptions"]>;

/** The request in the chat port's words. Throws `gateway/invalid-request` for what they cannot say. */
export function translateChat(body: ChatCompletionBody): ChatTranslation {
  const dropped = [...sortOutFields(CHAT_FIELDS, body), ...dropsWithin(body.messages)];
  const { tools, toolChoice, custom } = toPortTools(body);
  const options = {
    includeUsage: body.stream_options?.include_usage ?? false,
    logProbabilities: body.logprobs ?? false,
    customTools: custom,
  };
  return {
    port: "chat",
    call: {
      prompt: toPrompt(body.messages),
      ...compact({
        temperature: body.temperature,
        topP: body.top_p,
        // Servers that know the field take 0 and -1 for "all".
        topK: body.top_k && body.top_k > 0 ? body.top_k : undefined,
        presencePenalty: body.presence_penalty,
        frequencyPenalty: body.frequency_penalty,
        stopSequences: toStopSequences(body.stop),
        reasoning: toReasoning(body.reasoning_effort),
        responseFormat: toResponseFormat(body.response_format),
        tools,
        toolChoice,
      }),
      providerOptions: toProviderOptions(body),
    },
    seed: body.seed ?? undefined,
    dropped,
    renderAnswer: (results, usage, head) => renderChatCompletion(head, results, usage, options),
    createStream: (head) => new ChatCompletionStream(head, options),
  };
}

/** Hints to OpenAI's family that stand within messages. */
function dropsWithin(messages: ChatCompletionBody["messages"]): string[] {
  const dropped: string[] = [];
  if (messages.some(({ name }) => name)) dropped.push("messages[].name");
  const hasDetail = messages.some(
    ({ content }) => Array.isArray(content) && content.some((part) => detailOf(part) !== "auto"),
  );
  if (hasDetail) dropped.push("messages[].content[].image_url.detail");
  return dropped;
}

function detailOf(part: ContentPartParam): unknown {
  const image = part.type === "image_url" ? (part["image_url"] as { detail?: unknown }) : undefined;
  return image?.detail ?? "auto";
}

function toResponseFormat(format: ChatCompletionBody["response_format"]): ChatCall["responseFormat"] {
  switch (format?.type) {
    case undefined:
    case "text":
      return undefined;
    case "json_object":
      return { type: "json" };
    case "json_schema": {
      const { name, description, schema } = format.json_schema!;
      return { type: "json", ...compact({ name, description, schema }) };
    }
    default:
      throw invalidRequest(
        "response_format.type",
        "unsupported",
        "'response_format.type' is none of 'text', 'json_object' and 'json_schema'.",
        "Use one of those three.",
      );
  }
}

const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;

function toReasoning(effort: string | null | undefined): ChatCall["reasoning"] {
  if (effort === undefined || effort === null) return undefined;
  const known = EFFORTS.find((name) => name === effort);
  if (known !== undefined) return known;
  throw invalidRequest(
    "reasoning_effort",
    "value",
    "'reasoning_effort' is none of the efforts that the models behind this name know.",
    `Use one of ${EFFORTS.map((name) => `'${name}'`).join(", ")}.`,
  );
}

/** What the port has no place for, under the keys of those who read it. */
function toProviderOptions(body: ChatCompletionBody): ProviderOptions {
  const userId = body.safety_identifier ?? body.user;
  const homegrown = compact({
    logProbabilities: body.logprobs || undefined,
    topLogProbabilities: body.top_logprobs,
    logitBias: body.logit_bias,
  });
  const anthropic = compact({
    disableParallelToolUse: body.parallel_tool_calls === false || undefined,
    metadata: userId ? { userId } : undefined,
  });
  return {
    openai: toOpenAiOptions(body),
    ...(Object.keys(homegrown).length > 0 && { homegrown }),
    ...(Object.keys(anthropic).length > 0 && { anthropic }),
  };
}

function toOpenAiOptions(body: ChatCompletionBody): ProviderOptions[string] {
  return compact({
    // The Responses API behind the same port stores by default; this endpoint does not.
    store: body.store ?? false,
    // The AI SDK's default is strict, this endpoint's is not.
    strictJsonSchema: body.response_format ? (body.response_format.json_schema?.strict ?? false) : undefined,
    logprobs: body.logprobs ? (body.top_logprobs ?? true) : undefined,
    logitBias: body.logit_bias,
    parallelToolCalls: body.parallel_tool_calls,
    metadata: body.metadata,
    user: body.user,
    safetyIdentifier: body.safety_identifier,
    promptCacheKey: body.prompt_cache_key,
    promptCacheRetention: oneOf(body.prompt_cache_retention, ["in_memory", "24h"]),
    textVerbosity: oneOf(body.verbosity, ["low", "medium", "high"]),
    serviceTier: oneOf(body.service_tier, ["auto", "default", "flex", "priority", "fast"]),
    prediction: body.prediction as ProviderOptions[string][string],
  });
}

/** The AI SDK refuses a call for an option's value that it does not know. */
function oneOf(value: string | null | undefined, known: readonly string[]): string | undefined {
  return value && known.includes(value) ? value : undefined;
}
