// What tests of this folder share: a request from a value, and its translation.
import type { IncomingHttpHeaders } from "node:http";
import type { AnswerHead, ChatTranslation } from "../../../core/model-request.ts";
import { parseJsonBody } from "../../../server/json-body.ts";
import type { EstimatedRequest } from "../estimated-request.ts";
import { parseMessages } from "./request.ts";

export const HEAD: AnswerHead = { id: "01", createdAt: 1_780_000_000, model: "first", version: "first/v1" };
export const HELLO = { role: "user", content: "Hello" };

/** A request with the given fields, beside what every request must have. */
export function ask(fields: object = {}, headers: IncomingHttpHeaders = {}): EstimatedRequest {
  const body = { model: "first", max_tokens: 100, messages: [HELLO], ...fields };
  return parseMessages(parseJsonBody(Buffer.from(JSON.stringify(body)), 100), headers);
}

export function translate(fields: object = {}): ChatTranslation {
  const translation = ask(fields).translate();
  if (translation.port !== "chat") throw new Error(`translated for the ${translation.port} port`);
  return translation;
}

/** What the port is asked for a conversation. */
export function promptOf(...messages: object[]): ChatTranslation["call"]["prompt"] {
  return translate({ messages }).call.prompt;
}
