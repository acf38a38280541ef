import { HomegrownError } from "@homegrown/contracts";
import type { Front } from "../../../server/front.ts";
import { REQUEST_ID } from "../request-headers.ts";
import { pageOf } from "./paging.ts";
import { renderModel, renderModelPage } from "./render.ts";

export const listAnthropicModels: Front = {
  method: "GET",
  path: "/v1/models",
  endpoint: "models",
  async handle(exchange, { core }) {
    exchange.annotate(REQUEST_ID, exchange.requestId);
    const models = await core.listModels(exchange.caller);
    exchange.sendJson(200, renderModelPage(pageOf(models, exchange.query)));
  },
};

export const retrieveAnthropicModel: Front = {
  method: "GET",
  path: "/v1/models/{model}",
  endpoint: "models",
  async handle(exchange, { core }) {
    exchange.annotate(REQUEST_ID, exchange.requestId);
    const models = await core.listModels(exchange.caller);
    const model = models.find(({ id }) => id === exchange.parameter);
    if (model === undefined) throw modelNotFound(exchange.parameter);
    exchange.sendJson(200, renderModel(model));
  },
};

function modelNotFound(name: string): HomegrownError {
  return new HomegrownError({
    code: "gateway/model-not-found",
    kind: "not-found",
    message: `There is no model ${JSON.stringify(name.slice(0, 256))}, or this key may not use it.`,
    hint: "Ask for the list of models and use one of its ids.",
  });
}
