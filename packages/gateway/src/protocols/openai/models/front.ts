import { unknownAlias } from "../../../routing/routing-errors.ts";
import type { Front } from "../../../server/front.ts";
import { renderModel, renderModelList } from "./render.ts";

export const listModels: Front = {
  method: "GET",
  path: "/v1/models",
  endpoint: "models",
  async handle(exchange, { core }) {
    exchange.sendJson(200, renderModelList(await core.listModels(exchange.caller)));
  },
};

export const retrieveModel: Front = {
  method: "GET",
  path: "/v1/models/{model}",
  endpoint: "models",
  async handle(exchange, { core }) {
    const models = await core.listModels(exchange.caller);
    const model = models.find(({ id }) => id === exchange.parameter);
    if (!model) throw unknownAlias(exchange.parameter);
    exchange.sendJson(200, renderModel(model));
  },
};
