import { isOneOf } from "../field-table.ts";
import type { FieldTable } from "../field-table.ts";

/** Every parameter of completions, and what becomes of it where the completion port is asked. */
export const COMPLETION_FIELDS: FieldTable = {
  model: { fate: "used", note: "the route" },
  prompt: { fate: "expressed", note: "text or token ids, one or many" },
  stream: { fate: "used", note: "streams the answer" },
  stream_options: { fate: "used", note: "include_usage" },
  n: { fate: "used", note: "one call of the model for each choice" },
  max_tokens: { fate: "expressed", note: "output limit; 16 where absent" },
  temperature: { fate: "expressed", note: "temperature" },
  top_p: { fate: "expressed", note: "nucleus sampling" },
  top_k: { fate: "expressed", note: "not OpenAI's, but common: the number of candidates" },
  presence_penalty: { fate: "expressed", note: "presence penalty" },
  frequency_penalty: { fate: "expressed", note: "frequency penalty" },
  stop: { fate: "expressed", note: "stop sequences" },
  seed: { fate: "expressed", note: "seed of a prompt's choice 0; the others get it mixed with their number" },
  logprobs: { fate: "expressed", note: "log-probabilities with so many alternatives" },
  logit_bias: { fate: "expressed", note: "bias by token id" },
  echo: { fate: "expressed", note: "for prompts of text, without logprobs" },
  user: { fate: "used", note: "a label in the ledger" },
  best_of: { fate: "expressed", note: "only where it equals n: no choice is made to be thrown away" },
  suffix: {
    fate: "refused",
    note: "they continue a text and do not fill gaps",
    harmless: isOneOf(""),
  },
  response_format: { fate: "refused", note: "raw continuation has no format" },
};
