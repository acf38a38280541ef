// What no other protocol has a word for. Errors are rendered as OpenAI's: applications that give feedback have a
// client for those already.
import type { Protocol } from "../../server/front.ts";
import { renderError, renderStreamError } from "../openai/errors.ts";
import { renderLimitHeaders } from "../openai/limit-headers.ts";
import { deleteFeedback, giveFeedback, retrieveFeedback } from "./feedback/front.ts";

export const homegrown: Protocol = {
  name: "homegrown",
  fronts: [giveFeedback, retrieveFeedback, deleteFeedback],
  renderError,
  renderStreamError,
  renderLimits: renderLimitHeaders,
};
