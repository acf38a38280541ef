import type { Front } from "../../../server/front.ts";
import { parseChatCompletion } from "./request.ts";

export const chatCompletions: Front = {
  method: "POST",
  path: "/v1/chat/completions",
  endpoint: "chat",
  async handle(exchange, { core, limits }) {
    const request = parseChatCompletion(await exchange.readJson(), limits);
    await core.serve(request, exchange, exchange.caller);
  },
};
