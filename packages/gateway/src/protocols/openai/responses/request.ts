// https://platform.openai.com/docs/api-reference/responses/create
import { hash } from "node:crypto";
import { z } from "zod";
import { boundInputTokens } from "../../../core/bounds.ts";
import type { ModelRequest } from "../../../core/model-request.ts";
import type { Key } from "../../../core/key.ts";
import { parseJsonBody } from "../../../server/json-body.ts";
import type { JsonBody } from "../../../server/json-body.ts";
import type { ResponseStore } from "../../../stored-responses/response-store.ts";
import { toLabels } from "../labels.ts";
import { parseRequest } from "../parse-request.ts";
import { toCall, wantsLogprobs } from "./call.ts";
import { assembleConversation, loadEarlier } from "./conversation.ts";
import type { Conversation, Earlier } from "./conversation.ts";
import { refuseFields } from "./fields.ts";
import { surveyItems } from "./item-survey.ts";
import type { Item } from "./messages.ts";
import { toPassthroughBytes } from "./passthrough-bytes.ts";
import { renderAnswer } from "./render.ts";
import { describeRequest } from "./response-object.ts";
import { planStoring } from "./storing.ts";
import { ResponseStream } from "./stream.ts";

const MAX_ITEMS = 20_000;
const MAX_TOOLS = 4096;
/** Of what a hook makes of a body. */
const MAX_DEPTH = 200;

const objectSchema = z.custom<Item>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "expected an object",
);

const formatSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, "expected letters, digits, '_' and '-', at most 64"),
    description: z.string().nullish(),
    schema: z.record(z.string(), z.unknown()),
    strict: z.boolean().nullish(),
  }),
]);

const labelSchema = z.string().max(512);

export const requestSchema = z.object({
  model: z.string().min(1).max(256),
  input: z
    .union([z.string(), z.array(objectSchema).max(MAX_ITEMS)], {
      error: "expected a string or a list of items",
    })
    .nullish(),
  instructions: z.string().nullish(),
  previous_response_id: z.string().max(256).nullish(),
  stream: z.boolean().nullish(),
  store: z.boolean().nullish(),
  include: z.array(z.string().max(128)).max(32).nullish(),
  tools: z.array(objectSchema).max(MAX_TOOLS).nullish(),
  tool_choice: z
    .union([z.string().max(32), objectSchema], { error: "expected a word or an object" })
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z
    .object({ format: formatSchema.nullish(), verbosity: z.enum(["low", "medium", "high"]).nullish() })
    .nullish(),
  reasoning: z
    .object({
      effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish(),
      summary: z.enum(["auto", "concise", "detailed", "none"]).nullish(),
    })
    .nullish(),
  max_output_tokens: z.int().min(1).max(1_000_000).nullish(),
  max_tool_calls: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
  metadata: z
    .record(z.string().max(64), labelSchema)
    .refine((metadata) => Object.keys(metadata).length <= 16, "expected at most 16 entries")
    .nullish(),
  prompt_cache_key: z.string().max(1024).nullish(),
  safety_identifier: labelSchema.nullish(),
  user: labelSchema.nullish(),
  service_tier: z.string().max(32).nullish(),
});

/** Known fields only, checked; what the client sent besides them is in the body itself. */
export type ResponsesBody = z.output<typeof requestSchema>;

export interface ResponsesContext {
  caller: Key;
  /** Undefined where nothing is stored. */
  store: ResponseStore | undefined;
}

/**
 * Throws `gateway/invalid-request`, `gateway/storing-forbidden`, `gateway/previous-response-not-found`,
 * `gateway/item-not-found`, `gateway/conversation-too-long`.
 */
export async function parseResponses(json: JsonBody, context: ResponsesContext): Promise<ModelRequest> {
  const body = checkBody(json.value);
  return toModelRequest(json, body, context, await loadEarlier(body, context));
}

function checkBody(value: unknown): ResponsesBody {
  refuseFields(value);
  return parseRequest(requestSchema, value);
}

function toModelRequest(
  { value, bytes }: JsonBody,
  body: ResponsesBody,
  context: ResponsesContext,
  earlier: Earlier,
): ModelRequest {
  const storing = planStoring(body, context, bytes.raw.byteLength);
  const conversation = assembleConversation(body, earlier);
  const survey = surveyItems(conversation.items);
  const request = describeRequest(body, storing !== undefined);
  const format = body.text?.format?.type ?? "text";
  const stickiness = body.prompt_cache_key ?? conversation.stickiness ?? beginningOf(body, conversation);
  return {
    dialect: "openai/responses",
    alias: body.model,
    stream: body.stream ?? false,
    needs: {
      tools: body.tool_choice !== "none" && hasCallableTools(body),
      input: survey.modalities,
      structuredOutput: format !== "text",
      logProbabilities: wantsLogprobs(body),
    },
    maxInputTokens: boundInputTokens(bytes.raw.byteLength + conversation.numEarlierBytes, survey),
    maxOutputTokens: body.max_output_tokens ?? undefined,
    numChoices: 1,
    conversation: () => stickiness,
    labels: toLabels(body),
    bytes: toPassthroughBytes(bytes, body, { conversation, survey, keeps: storing !== undefined }),
    body: value,
    reparse: (changed) => {
      const json = parseJsonBody(Buffer.from(JSON.stringify(changed)), MAX_DEPTH);
      return toModelRequest(json, checkBody(json.value), context, earlier);
    },
    translate() {
      const { call, names, dropped } = toCall(body, value as Item, conversation.items);
      // A copy of this request that is not to be told of its answer (a mirrored one) is not to store it either.
      const saving = this.onPassedThrough && storing?.begin(conversation.ownItems, stickiness);
      const options = { request, names, saving };
      return {
        port: "chat",
        call,
        seed: undefined,
        dropped,
        renderAnswer: (results, usage, head) => renderAnswer(results, usage, head, options),
        createStream: (head) => new ResponseStream(head, options),
      };
    },
    ...(storing && {
      onPassedThrough: (answer) => storing.begin(conversation.ownItems, stickiness).savePassedThrough(answer),
    }),
  };
}

function hasCallableTools({ tools }: ResponsesBody): boolean {
  return tools?.some(({ type }) => type === "function" || type === "custom" || type === "namespace") ?? false;
}

/** Equal for the requests of a client that sends its whole conversation each time. */
function beginningOf({ instructions }: ResponsesBody, { items }: Conversation): string {
  const first = items.length > 0 ? JSON.stringify(items[0]) : "";
  return hash("sha1", `${instructions?.slice(0, 4096) ?? ""}\n${first.slice(0, 4096)}`);
}

/** `POST /v1/responses/input_tokens`: the same fields, and no answer but a number. */
export async function parseInputTokens(body: JsonBody, context: ResponsesContext): Promise<ModelRequest> {
  const { store: _store, stream: _stream, ...asked } = (body.value ?? {}) as Item;
  const request = await parseResponses({ value: asked, bytes: body.bytes }, context);
  return { ...withoutBytes(request), stream: false, translate: () => COUNT };
}

const COUNT = {
  port: "count" as const,
  render: (inputTokens: number): string => `{"object":"response.input_tokens","input_tokens":${inputTokens}}`,
};

function withoutBytes({ onPassedThrough: _, ...request }: ModelRequest): ModelRequest {
  return { ...request, bytes: undefined };
}
