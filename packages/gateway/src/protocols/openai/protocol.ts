import type { Protocol } from "../../server/front.ts";
import { chatCompletions } from "./chat-completions/front.ts";
import { completions } from "./completions/front.ts";
import { renderError, renderStreamError } from "./errors.ts";
import { renderLimitHeaders } from "./limit-headers.ts";
import { listModels, retrieveModel } from "./models/front.ts";

export const openAi: Protocol = {
  name: "openai",
  fronts: [listModels, retrieveModel, chatCompletions, completions],
  renderError,
  renderStreamError,
  renderLimits: renderLimitHeaders,
};
