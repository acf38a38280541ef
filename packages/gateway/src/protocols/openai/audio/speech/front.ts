import type { Front } from "../../../../server/front.ts";
import { parseSpeech } from "./request.ts";

export const speech: Front = {
  method: "POST",
  path: "/v1/audio/speech",
  endpoint: "audio",
  async handle(exchange, { core }) {
    await core.serve(parseSpeech(await exchange.readJson()), exchange, exchange.caller);
  },
};
