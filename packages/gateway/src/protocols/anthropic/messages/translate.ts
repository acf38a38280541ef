import type { ChatCall } from "@homegrown/contracts";
import type { ChatTranslation } from "../../../core/model-request.ts";
import { sortOutFields } from "../../openai/field-table.ts";
import { isObject } from "../block-fields.ts";
import type { JsonObject, ProviderExtras } from "../json.ts";
import { inexpressible } from "../parse-request.ts";
import type { MessagesBody } from "./body-schema.ts";
import { MESSAGES_FIELDS } from "./fields.ts";
import { toPrompt } from "./messages.ts";
import { renderMessage } from "./render.ts";
import { MessageStream } from "./stream.ts";
import { isClosedSchema, toResponseFormat } from "./structured-output.ts";
import { toThinkingChoice } from "./thinking.ts";
import type { ThinkingChoice } from "./thinking.ts";
import { toToolChoice, toTools } from "./tools.ts";

type Call = ChatTranslation["call"];

/** The request in the chat port's words. Throws `gateway/invalid-request` for what they cannot say. */
export function translateMessages(body: MessagesBody): ChatTranslation {
  const dropped = new Set(sortOutFields(MESSAGES_FIELDS, body));
  if (body.max_tokens === 0)
    throw inexpressible("max_tokens", "0, which only fills Anthropic's prompt cache,");
  if (isObject(body.output_config?.["task_budget"])) dropped.add("output_config.task_budget");
  const thinking = toThinkingChoice(body);
  const stopSequences = body.stop_sequences ?? [];
  const options = { stopSequences, display: thinking.display };
  return {
    port: "chat",
    call: toCall(body, thinking, dropped),
    seed: undefined,
    dropped: [...dropped],
    renderAnswer: ([result], usage, head) => renderMessage(result!, usage, head, options),
    createStream: (head) => new MessageStream(head, options),
  };
}

function toCall(body: MessagesBody, thinking: ThinkingChoice, dropped: Set<string>): Call {
  const { temperature, top_p: topP, top_k: topK, stop_sequences: stopSequences } = body;
  const responseFormat = toResponseFormat(body);
  const tools = body.tools && body.tools.length > 0 ? toTools(body.tools, dropped) : undefined;
  const choice = tools && toToolChoice(body.tool_choice);
  const call: Call = {
    prompt: toPrompt(body, dropped),
    providerOptions: toProviderOptions(body, thinking, responseFormat, choice?.oneAtATime ?? false),
  };
  if (typeof temperature === "number") call.temperature = temperature;
  if (typeof topP === "number") call.topP = topP;
  if (typeof topK === "number") call.topK = topK;
  if (stopSequences && stopSequences.length > 0) call.stopSequences = stopSequences;
  if (thinking.reasoning !== undefined) call.reasoning = thinking.reasoning;
  if (responseFormat !== undefined) call.responseFormat = responseFormat;
  if (tools !== undefined) call.tools = tools;
  if (choice !== undefined) call.toolChoice = choice.toolChoice;
  return call;
}

/** What one provider family alone has a word for; each family reads its own key. */
function toProviderOptions(
  body: MessagesBody,
  thinking: ThinkingChoice,
  responseFormat: ChatCall["responseFormat"],
  oneAtATime: boolean,
): ProviderExtras {
  const userId = body.metadata?.user_id;
  const anthropic: JsonObject = {
    ...thinking.anthropic,
    ...(isObject(body["cache_control"]) && { cacheControl: body["cache_control"] }),
    ...(userId && { metadata: { userId } }),
    // Every provider's adapter knows this one.
    ...(oneAtATime && { disableParallelToolUse: true }),
    // Only where a tool asks for it: with it, a tool's input may end as half a JSON value.
    toolStreaming: false,
  };
  // Messages are stateless: nothing is to be stored elsewhere, and reasoning comes back sealed.
  const openai: JsonObject = { store: false };
  if (responseFormat?.type === "json") openai["strictJsonSchema"] = isClosedSchema(responseFormat.schema);
  if (thinking.display === "omitted") openai["reasoningSummary"] = null;
  const options: ProviderExtras = { anthropic, openai };
  const thinks = thinking.reasoning !== undefined && thinking.reasoning !== "none";
  if (thinks && thinking.display === "full")
    options["google"] = { thinkingConfig: { includeThoughts: true } };
  return options;
}
