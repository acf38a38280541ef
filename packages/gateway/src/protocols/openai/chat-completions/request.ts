// https://platform.openai.com/docs/api-reference/chat/create
import { z } from "zod";
import { boundInputTokens } from "../../../core/bounds.ts";
import type { ModelRequest } from "../../../core/model-request.ts";
import type { JsonBody } from "../../../server/json-body.ts";
import type { GatewayLimits } from "../../../server/limits.ts";
import { invalidRequest } from "../invalid-request.ts";
import { toLabels } from "../labels.ts";
import { parseRequest } from "../parse-request.ts";
import { samplingFields, tokenLimit } from "../sampling-fields.ts";
import { conversationOf } from "./conversation.ts";
import { surveyMessages } from "./survey.ts";
import { toJsonBody } from "../to-json-body.ts";
import { translateChat } from "./translate.ts";

const partSchema = z.looseObject({ type: z.string() });
const messageSchema = z.looseObject({
  role: z.string(),
  content: z
    .union([z.string(), z.array(partSchema)], { error: "expected a string or an array of content parts" })
    .nullish(),
  name: z.string().nullish(),
  refusal: z.string().nullish(),
  tool_call_id: z.string().nullish(),
  tool_calls: z.array(z.looseObject({ id: z.string(), type: z.string().nullish() })).nullish(),
});

// What is unknown here passes through: a provider of this protocol may know more than OpenAI does.
const responseFormatSchema = z.looseObject({
  type: z.string(),
  json_schema: z
    .looseObject({
      name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, "expected letters, digits, '_' and '-', at most 64"),
      description: z.string().nullish(),
      schema: z.record(z.string(), z.unknown()).nullish(),
      strict: z.boolean().nullish(),
    })
    .nullish(),
});

const functionSchema = z.looseObject({
  name: z.string().min(1).max(128),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});
const customSchema = z.looseObject({
  name: z.string().min(1).max(128),
  description: z.string().nullish(),
  format: z.looseObject({ type: z.string() }).nullish(),
});
const toolSchema = z.looseObject({
  type: z.string(),
  function: functionSchema.nullish(),
  custom: customSchema.nullish(),
});

export const requestSchema = z.looseObject({
  ...samplingFields,
  messages: z.array(messageSchema).min(1),
  max_tokens: tokenLimit,
  max_completion_tokens: tokenLimit,
  top_k: z.int().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  response_format: responseFormatSchema.nullish(),
  reasoning_effort: z.string().nullish(),
  verbosity: z.string().nullish(),
  service_tier: z.string().nullish(),
  store: z.boolean().nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  safety_identifier: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_retention: z.string().nullish(),
  prediction: z.looseObject({ type: z.string() }).nullish(),
  tools: z.array(toolSchema).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({ type: z.string() })]).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  modalities: z.array(z.string()).nullish(),
});

export type ChatCompletionBody = z.output<typeof requestSchema>;
export type ChatMessageParam = ChatCompletionBody["messages"][number];
export type ContentPartParam = z.output<typeof partSchema>;
export type ToolParam = z.output<typeof toolSchema>;

/** Throws `gateway/invalid-request`. */
export function parseChatCompletion(
  { value, bytes }: JsonBody,
  limits: Pick<GatewayLimits, "maxChoices">,
): ModelRequest {
  const body = parseRequest(requestSchema, value);
  checkTogether(body, limits.maxChoices);
  const { input, media, tools } = surveyMessages(body.messages);
  const format = body.response_format?.type;
  return {
    dialect: "openai/chat-completions",
    alias: body.model,
    stream: body.stream ?? false,
    needs: {
      // Tools that must not be called are no reason to refuse a model that cannot call any.
      tools: tools || ((body.tools?.length ?? 0) > 0 && body.tool_choice !== "none"),
      input,
      structuredOutput: format !== undefined && format !== "text",
      logProbabilities: body.logprobs ?? false,
    },
    maxInputTokens: boundInputTokens(bytes.raw.length, media),
    maxOutputTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
    numChoices: body.n ?? 1,
    // Only sticky routes ask, and hashing a long prompt is not free.
    conversation: () => conversationOf(body),
    labels: toLabels(body),
    bytes,
    translate: () => translateChat(body),
    body: value,
    reparse: (changed) => parseChatCompletion(toJsonBody(changed), limits),
  };
}

/** What a schema of single fields cannot say. */
function checkTogether(body: ChatCompletionBody, maxChoices: number): void {
  if (body.top_logprobs && !body.logprobs) {
    throw invalidRequest(
      "top_logprobs",
      "value",
      "'top_logprobs' needs 'logprobs' to be true.",
      "Set 'logprobs' to true.",
    );
  }
  if ((body.n ?? 1) > maxChoices) {
    throw invalidRequest(
      "n",
      "value",
      `'n' is ${body.n}; one request may ask for at most ${maxChoices} choices here.`,
      "Ask for fewer choices per request.",
    );
  }
  if (body.response_format?.type === "json_schema" && !body.response_format.json_schema) {
    throw invalidRequest(
      "response_format.json_schema",
      "missing",
      "The required parameter 'response_format.json_schema' is missing.",
      "Give 'response_format.json_schema' a name and a schema.",
    );
  }
}
