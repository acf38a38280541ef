import type { Front } from "../../../../server/front.ts";
import { toFormBody } from "../form-body.ts";
import { MULTIPART, parseMultipart } from "../multipart.ts";
import { parseTranscription } from "./request.ts";

export const transcriptions: Front = {
  method: "POST",
  path: "/v1/audio/transcriptions",
  endpoint: "audio",
  async handle(exchange, { core }) {
    const { raw, contentType } = await exchange.readBytes(MULTIPART);
    const request = parseTranscription(toFormBody(await parseMultipart(raw, contentType)));
    await core.serve(request, exchange, exchange.caller);
  },
};
