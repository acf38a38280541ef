import { unknownAlias } from "../../../routing/routing-errors.ts";
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
    if (model === undefined) throw unknownAlias(exchange.parameter);
    exchange.sendJson(200, renderModel(model));
  },
};
