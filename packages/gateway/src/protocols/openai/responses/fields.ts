import type { FieldTable } from "../field-table.ts";
import { isEmptyList, isOneOf, sortOutFields } from "../field-table.ts";

/** What becomes of a request's fields; what is refused is refused of targets of the same protocol, too. */
export const RESPONSES_FIELDS: FieldTable = {
  model: { fate: "expressed", note: "the alias that routing resolves" },
  input: { fate: "expressed", note: "the prompt; traces of hosted tools in it are left out" },
  instructions: { fate: "expressed", note: "a system message before all others" },
  tools: {
    fate: "expressed",
    note: "functions; namespaces become part of their names, custom tools a function with one text; hosted tools are left out, or refused where a tool is required",
  },
  tool_choice: { fate: "expressed", note: "the port's choice of tool; allowed_tools narrows the list" },
  parallel_tool_calls: { fate: "expressed", note: "an option of OpenAI's and Anthropic's models" },
  text: { fate: "expressed", note: "format: structured output; verbosity: an option of OpenAI's models" },
  reasoning: { fate: "expressed", note: "effort; a summary is shown where one was asked for" },
  max_output_tokens: { fate: "expressed", note: "the limit on output" },
  temperature: { fate: "expressed", note: "temperature" },
  top_p: { fate: "expressed", note: "topP" },
  top_logprobs: { fate: "expressed", note: "own models: alternatives for each token" },
  prompt_cache_key: { fate: "expressed", note: "keeps a conversation on one target; passed on to OpenAI's" },
  safety_identifier: { fate: "expressed", note: "a label for deletion by subject; passed on to OpenAI's" },
  user: { fate: "expressed", note: "as safety_identifier" },
  service_tier: { fate: "expressed", note: "an option of OpenAI's models" },

  stream: { fate: "used", note: "events or a whole answer" },
  stream_options: { fate: "used", note: "obfuscation is never added" },
  include: {
    fate: "used",
    note: "encrypted reasoning and log-probabilities; nobody makes what hosted tools add",
  },
  metadata: { fate: "used", note: "labels of the request, and repeated in the answer" },
  store: { fate: "used", note: "kept here, where key and configuration allow; never at the target" },
  previous_response_id: { fate: "used", note: "expanded from the store" },

  max_tool_calls: { fate: "dropped", note: "counts calls of hosted tools only" },
  truncation: { fate: "dropped", note: "what is too long is an error", harmless: isOneOf("disabled") },
  context_management: { fate: "dropped", note: "nothing is compacted", harmless: isEmptyList },
  client_metadata: { fate: "dropped", note: "a client's own telemetry" },
  prompt_cache_options: { fate: "dropped", note: "how OpenAI caches" },
  prompt_cache_retention: { fate: "dropped", note: "how OpenAI caches" },

  background: {
    fate: "refused",
    note: "an answer is made while the client waits for it",
    harmless: isOneOf(false),
    instead: "Set 'background' to false, and 'stream' to true.",
  },
  conversation: {
    fate: "refused",
    note: "there is no store of conversations",
    instead: "Continue a response with 'previous_response_id'.",
  },
  moderation: { fate: "refused", note: "nothing here would moderate" },
  prompt: {
    fate: "refused",
    note: "prompts that OpenAI stores are not reachable from here",
    instead: "Send the prompt itself in 'input'.",
  },
};

const REFUSED = Object.entries(RESPONSES_FIELDS).filter(([, { fate }]) => fate === "refused");

/** Throws `gateway/invalid-request` for a field that no target may be sent. */
export function refuseFields(body: unknown): void {
  if (typeof body !== "object" || body === null) return;
  for (const [field] of REFUSED) {
    const value = (body as Record<string, unknown>)[field];
    if (value !== undefined) sortOutFields(RESPONSES_FIELDS, { [field]: value });
  }
}
