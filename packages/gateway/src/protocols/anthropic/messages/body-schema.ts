// The shape of a Messages request, as loose as Anthropic's own check is at this level: blocks, tools and
// options that nothing here knows must reach a provider that does.
// https://platform.claude.com/docs/en/api/messages
import { z } from "zod";

const content = z.union([z.string(), z.array(z.looseObject({ type: z.string() }))], {
  error: "expected a string or an array of content blocks",
});
const typed = z.looseObject({ type: z.string() });

/** What counting tokens takes as well. */
export const promptFields = {
  model: z.string().min(1).max(256),
  messages: z.array(z.looseObject({ role: z.enum(["user", "assistant", "system"]), content })).min(1),
  system: content.nullish(),
  tools: z.array(z.looseObject({ type: z.string().nullish(), name: z.string().nullish() })).nullish(),
  tool_choice: typed.nullish(),
  thinking: z.looseObject({ type: z.string().nullish(), budget_tokens: z.number().nullish() }).nullish(),
  output_config: z.looseObject({ effort: z.string().nullish(), format: typed.nullish() }).nullish(),
  output_format: typed.nullish(),
} as const;

export const messagesSchema = z.looseObject({
  ...promptFields,
  max_tokens: z.int().min(0),
  stream: z.boolean().nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_k: z.number().nullish(),
  metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
});

export const countTokensSchema = z.looseObject({
  ...promptFields,
});

export type MessagesBody = z.output<typeof messagesSchema>;
/** What the prompt of either endpoint is made from. */
export type PromptBody = z.output<typeof countTokensSchema>;
