import type { Front } from "../../../server/front.ts";
import { parseTextCompletion } from "./request.ts";

export const completions: Front = {
  method: "POST",
  path: "/v1/completions",
  endpoint: "completions",
  async handle(exchange, { core, limits }) {
    const request = parseTextCompletion(await exchange.readJson(), limits);
    await core.serve(request, exchange, exchange.caller);
  },
};
