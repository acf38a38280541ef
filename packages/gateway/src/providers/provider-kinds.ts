import { anthropicCompatible } from "./kinds/anthropic-compatible.ts";
import { anthropic } from "./kinds/anthropic.ts";
import { azure } from "./kinds/azure.ts";
import { bedrock } from "./kinds/bedrock.ts";
import { cohere } from "./kinds/cohere.ts";
import { deepseek } from "./kinds/deepseek.ts";
import { fireworks } from "./kinds/fireworks.ts";
import { google } from "./kinds/google.ts";
import { groq } from "./kinds/groq.ts";
import { mistral } from "./kinds/mistral.ts";
import { openAiCompatible } from "./kinds/openai-compatible.ts";
import { openai } from "./kinds/openai.ts";
import { openrouter } from "./kinds/openrouter.ts";
import { together } from "./kinds/together.ts";
import { vertex } from "./kinds/vertex.ts";
import { xai } from "./kinds/xai.ts";
import type { ProviderKind } from "./provider-config.ts";
import type { ProviderDefinition } from "./provider-kind.ts";

/** Every kind that a configuration may name; a missing one does not compile. */
export const PROVIDER_KINDS: { readonly [K in ProviderKind]: ProviderDefinition<K> } = {
  openai,
  azure,
  anthropic,
  google,
  vertex,
  bedrock,
  mistral,
  groq,
  xai,
  deepseek,
  together,
  fireworks,
  cohere,
  openrouter,
  "openai-compatible": openAiCompatible,
  "anthropic-compatible": anthropicCompatible,
};
