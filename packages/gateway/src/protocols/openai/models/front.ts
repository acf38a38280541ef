import { modelNotFound } from "../../../core/use-model.ts";
import type { Front } from "../../../server/front.ts";
import { renderModel, renderModelList } from "./render.ts";

export const listModels: Front = {
  method: "GET",
  path: "/v1/models",
  async handle(exchange, { directory }) {
    exchange.sendJson(200, renderModelList(await directory.list()));
  },
};

export const retrieveModel: Front = {
  method: "GET",
  path: "/v1/models/{model}",
  async handle(exchange, { directory }) {
    const models = await directory.list();
    const model = models.find(({ id }) => id === exchange.parameter);
    if (!model) throw modelNotFound(exchange.parameter);
    exchange.sendJson(200, renderModel(model));
  },
};
