import { isEmptyList, isOneOf } from "../field-table.ts";
import type { FieldTable } from "../field-table.ts";

/**
 * Every parameter of chat completions, and what becomes of it where the request is asked through the chat
 * port. To a provider that speaks this protocol itself all of them, unknown ones too, pass through untouched.
 * A "hint" is handed to providers of OpenAI's family; it is called dropped because no other sees it.
 */
export const CHAT_FIELDS: FieldTable = {
  model: { fate: "used", note: "the route" },
  messages: {
    fate: "expressed",
    note: "prompt; a part that the port lacks is an error naming it; names and image detail are hints",
  },
  stream: { fate: "used", note: "streams the answer" },
  stream_options: {
    fate: "used",
    note: "include_usage; chunks are never padded, whatever include_obfuscation",
  },
  n: { fate: "used", note: "one call of the model for each choice" },
  max_completion_tokens: { fate: "expressed", note: "output limit" },
  max_tokens: { fate: "expressed", note: "output limit where max_completion_tokens is absent" },
  temperature: { fate: "expressed", note: "temperature" },
  top_p: { fate: "expressed", note: "nucleus sampling" },
  top_k: { fate: "expressed", note: "not OpenAI's, but common: the number of candidates" },
  presence_penalty: { fate: "expressed", note: "presence penalty" },
  frequency_penalty: { fate: "expressed", note: "frequency penalty" },
  stop: { fate: "expressed", note: "stop sequences" },
  seed: { fate: "expressed", note: "seed of choice 0; the others get it mixed with their number" },
  logprobs: { fate: "expressed", note: "log-probabilities, of models that report them" },
  top_logprobs: { fate: "expressed", note: "alternatives of each token" },
  logit_bias: { fate: "expressed", note: "bias by token id, of models that take one" },
  response_format: { fate: "expressed", note: "text, any JSON, or JSON of a schema" },
  reasoning_effort: { fate: "expressed", note: "reasoning effort" },
  tools: {
    fate: "expressed",
    note: "functions as they are; custom tools of free text as a function of one string, called back as custom",
  },
  tool_choice: { fate: "expressed", note: "auto, none, required, one tool; allowed_tools offers just those" },
  parallel_tool_calls: {
    fate: "dropped",
    note: "a hint, to Anthropic too",
    harmless: isOneOf(true),
  },
  metadata: { fate: "used", note: "labels in the ledger and for conditions; a hint" },
  user: { fate: "used", note: "a label; a hint, to Anthropic too" },
  safety_identifier: { fate: "used", note: "a label; a hint, to Anthropic too" },
  prompt_cache_key: { fate: "used", note: "keeps a conversation on one target; a hint" },
  prompt_cache_retention: { fate: "dropped", note: "a hint" },
  prompt_cache_options: { fate: "dropped", note: "caching changes the bill, not the answer" },
  verbosity: { fate: "dropped", note: "a hint" },
  prediction: { fate: "dropped", note: "a hint that makes the same answer come faster" },
  service_tier: { fate: "dropped", note: "a hint", harmless: isOneOf("auto", "default") },
  store: { fate: "dropped", note: "a hint; without it nothing is stored", harmless: isOneOf(false) },
  modalities: {
    fate: "refused",
    note: "they answer in text only",
    harmless: (value) => Array.isArray(value) && value.every((modality) => modality === "text"),
  },
  audio: { fate: "refused", note: "they answer in text only" },
  web_search_options: {
    fate: "refused",
    note: "they cannot search the web",
    instead: "Leave 'web_search_options' out, or offer a search function among 'tools'.",
  },
  moderation: { fate: "refused", note: "moderation is OpenAI's own" },
  functions: {
    fate: "refused",
    note: "this old form of tools is not translated",
    harmless: isEmptyList,
    instead: "Use 'tools', which replaced 'functions'.",
  },
  function_call: {
    fate: "refused",
    note: "this old form of tool_choice is not translated",
    harmless: isOneOf("none", "auto"),
    instead: "Use 'tool_choice', which replaced 'function_call'.",
  },
};
