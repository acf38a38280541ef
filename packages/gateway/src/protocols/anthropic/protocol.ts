import type { Protocol } from "../../server/front.ts";
import { countTokens } from "./count-tokens/front.ts";
import { renderError, renderStreamError } from "./errors.ts";
import { renderLimitHeaders } from "./limit-headers.ts";
import { messages } from "./messages/front.ts";
import { listAnthropicModels, retrieveAnthropicModel } from "./models/front.ts";
import { speaksAnthropic } from "./request-headers.ts";

export const anthropic: Protocol = {
  name: "anthropic",
  fronts: [messages, countTokens, listAnthropicModels, retrieveAnthropicModel],
  recognises: speaksAnthropic,
  renderError,
  renderStreamError,
  renderLimits: renderLimitHeaders,
};
