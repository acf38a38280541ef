import type { Protocol } from "../../server/front.ts";
import { speech } from "./audio/speech/front.ts";
import { transcriptions } from "./audio/transcriptions/front.ts";
import { translations } from "./audio/translations/front.ts";
import { chatCompletions } from "./chat-completions/front.ts";
import { completions } from "./completions/front.ts";
import { embeddings } from "./embeddings/front.ts";
import { renderError, renderStreamError } from "./errors.ts";
import { renderLimitHeaders } from "./limit-headers.ts";
import { listModels, retrieveModel } from "./models/front.ts";

export const openAi: Protocol = {
  name: "openai",
  fronts: [
    listModels,
    retrieveModel,
    chatCompletions,
    completions,
    embeddings,
    transcriptions,
    translations,
    speech,
  ],
  renderError,
  renderStreamError,
  renderLimits: renderLimitHeaders,
};
