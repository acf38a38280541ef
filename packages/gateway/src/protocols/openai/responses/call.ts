// The request as one call of the chat port.
import type { ChatCall, ChatOptionsExtension } from "@homegrown/contracts";
import type { ChatTranslation } from "../../../core/model-request.ts";
import { sortOutFields } from "../field-table.ts";
import { compact } from "../sampling-fields.ts";
import { RESPONSES_FIELDS } from "./fields.ts";
import { toPrompt } from "./messages.ts";
import type { Item } from "./messages.ts";
import type { ResponsesBody } from "./request.ts";
import { toPortTools } from "./tools.ts";
import type { ToolNames } from "./tools.ts";

export interface CallTranslation extends Pick<ChatTranslation, "call" | "dropped"> {
  names: ToolNames;
}

type ProviderOptions = NonNullable<ChatCall["providerOptions"]>;

/** Tiers that other providers than OpenAI's own service would not refuse. */
const SERVICE_TIERS = new Set(["auto", "default", "flex", "priority", "fast", "ultrafast"]);

/**
 * `raw` is the body with the fields that nobody here knows; `items` are the conversation's, earlier turns
 * included. Throws `gateway/invalid-request`.
 */
export function toCall(body: ResponsesBody, raw: Item, items: readonly Item[]): CallTranslation {
  const tools = toPortTools(toolsOf(body, items), body.tool_choice);
  const { prompt, dropped } = toPrompt(body.instructions, items, tools.names);
  const call: ChatTranslation["call"] = {
    prompt,
    ...compact({
      temperature: body.temperature,
      topP: body.top_p,
      reasoning: body.reasoning?.effort,
      responseFormat: toResponseFormat(body.text?.format),
      tools: tools.tools.length > 0 ? tools.tools : undefined,
      toolChoice: tools.toolChoice,
    }),
    providerOptions: toProviderOptions(body, tools.tools.length > 0),
  };
  return {
    call,
    names: tools.names,
    dropped: [...sortOutFields(RESPONSES_FIELDS, raw), ...tools.dropped, ...dropped],
  };
}

function toolsOf(body: ResponsesBody, items: readonly Item[]): { tool: Item; at: string }[] {
  const tools = (body.tools ?? []).map((tool, index) => ({ tool, at: `tools[${index}]` }));
  for (const [index, item] of items.entries()) {
    if (item["type"] !== "additional_tools" || !Array.isArray(item["tools"])) continue;
    for (const [number, tool] of item["tools"].entries()) {
      const at = `input[${index}].tools[${number}]`;
      tools.push({ tool: typeof tool === "object" && tool !== null ? (tool as Item) : {}, at });
    }
  }
  return tools;
}

function toResponseFormat(
  format: NonNullable<ResponsesBody["text"]>["format"],
): ChatCall["responseFormat"] | undefined {
  if (!format || format.type === "text") return undefined;
  if (format.type === "json_object") return { type: "json" };
  return {
    type: "json",
    schema: format.schema,
    ...compact({ name: format.name, description: format.description }),
  };
}

function toProviderOptions(body: ResponsesBody, hasTools: boolean): ProviderOptions {
  const { text, reasoning } = body;
  // Chat completions refuse the field where there are no tools.
  const parallel = hasTools ? body.parallel_tool_calls : undefined;
  const format = text?.format;
  const openai = compact({
    parallelToolCalls: parallel,
    textVerbosity: text?.verbosity,
    reasoningSummary: reasoning?.summary === "none" ? undefined : reasoning?.summary,
    strictJsonSchema: format?.type === "json_schema" ? (format.strict ?? false) : undefined,
    promptCacheKey: body.prompt_cache_key,
    safetyIdentifier: body.safety_identifier,
    user: body.user,
    serviceTier: SERVICE_TIERS.has(body.service_tier ?? "") ? body.service_tier : undefined,
  });
  const options: ProviderOptions = { openai: { ...openai, store: false } };
  if (parallel === false) options["anthropic"] = { disableParallelToolUse: true };
  if (wantsLogprobs(body)) {
    const homegrown: ChatOptionsExtension = {
      logProbabilities: true,
      topLogProbabilities: body.top_logprobs ?? 0,
    };
    options["homegrown"] = { ...homegrown };
  }
  return options;
}

export function wantsLogprobs(body: ResponsesBody): boolean {
  return (body.top_logprobs ?? 0) > 0 || (body.include?.includes("message.output_text.logprobs") ?? false);
}
