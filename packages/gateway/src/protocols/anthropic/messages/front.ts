import type { Front } from "../../../server/front.ts";
import { REQUEST_ID } from "../request-headers.ts";
import { parseMessages } from "./request.ts";

export const messages: Front = {
  method: "POST",
  path: "/v1/messages",
  endpoint: "messages",
  async handle(exchange, { core }) {
    exchange.annotate(REQUEST_ID, exchange.requestId);
    const request = parseMessages(await exchange.readJson(), exchange.headers);
    await core.serve(request, exchange, exchange.caller);
  },
};
