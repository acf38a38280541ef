import type { Front } from "../../../server/front.ts";
import { parseEmbedding } from "./request.ts";

export const embeddings: Front = {
  method: "POST",
  path: "/v1/embeddings",
  endpoint: "embeddings",
  async handle(exchange, { core }) {
    await core.serve(parseEmbedding(await exchange.readJson()), exchange, exchange.caller);
  },
};
