import type { Front } from "../../../server/front.ts";
import { REQUEST_ID } from "../request-headers.ts";
import { parseCountTokens } from "./request.ts";

export const countTokens: Front = {
  method: "POST",
  path: "/v1/messages/count_tokens",
  endpoint: "messages",
  async handle(exchange, { core }) {
    exchange.annotate(REQUEST_ID, exchange.requestId);
    const request = parseCountTokens(await exchange.readJson(), exchange.headers);
    await core.serve(request, exchange, exchange.caller);
  },
};
