import type { Front } from "../../../server/front.ts";
import { parseInputTokens, parseResponses } from "./request.ts";

export const createResponse: Front = {
  method: "POST",
  path: "/v1/responses",
  endpoint: "responses",
  async handle(exchange, { core, responses }) {
    const { caller } = exchange;
    const request = await parseResponses(await exchange.readJson(), { caller, store: responses });
    await core.serve(request, exchange, caller);
  },
};

export const countInputTokens: Front = {
  method: "POST",
  path: "/v1/responses/input_tokens",
  endpoint: "responses",
  async handle(exchange, { core, responses }) {
    const { caller } = exchange;
    const request = await parseInputTokens(await exchange.readJson(), { caller, store: responses });
    await core.serve(request, exchange, caller);
  },
};
