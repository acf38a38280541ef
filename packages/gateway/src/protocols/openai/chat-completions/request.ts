// https://platform.openai.com/docs/api-reference/chat/create
import { z } from "zod";
import type { ChatCall, ChatRequest } from "../../../core/chat.ts";
import { invalidRequest } from "../invalid-request.ts";
import { isEmptyList, never, parseRequest } from "../parse-request.ts";
import type { UnsupportedFields } from "../parse-request.ts";
import { compact, samplingFields, toStopSequences } from "../sampling-fields.ts";
import { toPrompt } from "./messages.ts";

const messageSchema = z.looseObject({
  role: z.string(),
  content: z
    .union([z.string(), z.array(z.looseObject({ type: z.string() }))], {
      error: "expected a string or an array of content parts",
    })
    .nullish(),
});

const responseFormatSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    json_schema: z.object({
      name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, "expected letters, digits, '_' and '-', at most 64"),
      description: z.string().nullish(),
      schema: z.record(z.string(), z.unknown()),
      strict: z.boolean().nullish(),
    }),
  }),
]);

const requestSchema = z.object({
  ...samplingFields,
  messages: z.array(messageSchema).min(1),
  max_completion_tokens: samplingFields.max_tokens,
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  response_format: responseFormatSchema.nullish(),
  reasoning_effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh"]).nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
});

const UNSUPPORTED: UnsupportedFields = {
  tools: isEmptyList,
  tool_choice: (value) => value === "none" || value === "auto",
  functions: isEmptyList,
  function_call: (value) => value === "none" || value === "auto",
  audio: never,
  modalities: (value) => Array.isArray(value) && value.every((modality) => modality === "text"),
  web_search_options: never,
};

export interface ChatCompletionRequest extends ChatRequest {
  model: string;
  stream: boolean;
  includeUsage: boolean;
  logProbabilities: boolean;
}

/** Throws `gateway/invalid-request`. */
export function parseChatCompletion(value: unknown): ChatCompletionRequest {
  const body = parseRequest(requestSchema, UNSUPPORTED, value);
  if (body.top_logprobs && !body.logprobs) {
    throw invalidRequest(
      "top_logprobs",
      "value",
      "'top_logprobs' needs 'logprobs' to be true.",
      "Set 'logprobs' to true.",
    );
  }
  const extension = compact({
    logProbabilities: body.logprobs || undefined,
    topLogProbabilities: body.top_logprobs,
    logitBias: body.logit_bias,
  });
  const call: ChatRequest["call"] = {
    prompt: toPrompt(body.messages),
    ...compact({
      maxOutputTokens: body.max_completion_tokens ?? body.max_tokens,
      temperature: body.temperature,
      topP: body.top_p,
      presencePenalty: body.presence_penalty,
      frequencyPenalty: body.frequency_penalty,
      stopSequences: toStopSequences(body.stop),
      reasoning: body.reasoning_effort,
      responseFormat: toResponseFormat(body.response_format),
      providerOptions: Object.keys(extension).length > 0 ? { homegrown: extension } : undefined,
    }),
  };
  return {
    model: body.model,
    stream: body.stream ?? false,
    includeUsage: body.stream_options?.include_usage ?? false,
    logProbabilities: body.logprobs ?? false,
    numChoices: body.n ?? 1,
    seed: body.seed ?? undefined,
    call,
  };
}

function toResponseFormat(
  format: z.output<typeof responseFormatSchema> | null | undefined,
): ChatCall["responseFormat"] {
  if (!format || format.type === "text") return undefined;
  if (format.type === "json_object") return { type: "json" };
  const { name, description, schema } = format.json_schema;
  return { type: "json", ...compact({ name, description, schema }) };
}
