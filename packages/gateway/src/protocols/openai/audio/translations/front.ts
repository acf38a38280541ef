import type { Front } from "../../../../server/front.ts";
import { toFormBody } from "../form-body.ts";
import { MULTIPART, parseMultipart } from "../multipart.ts";
import { parseTranslation } from "./request.ts";

export const translations: Front = {
  method: "POST",
  path: "/v1/audio/translations",
  endpoint: "audio",
  async handle(exchange, { core }) {
    const { raw, contentType } = await exchange.readBytes(MULTIPART);
    const request = parseTranslation(toFormBody(await parseMultipart(raw, contentType)));
    await core.serve(request, exchange, exchange.caller);
  },
};
