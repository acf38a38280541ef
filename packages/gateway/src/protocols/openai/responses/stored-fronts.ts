// What clients do with responses that were stored: fetch them, list what they were asked, delete them.
import { HomegrownError } from "@homegrown/contracts";
import type { Exchange } from "../../../server/exchange.ts";
import type { Front, FrontContext } from "../../../server/front.ts";
import type { StoredResponse } from "../../../stored-responses/response-store.ts";
import { invalidRequest } from "../invalid-request.ts";
import { toPlainId } from "./conversation.ts";
import { renderInputItems } from "./input-items.ts";

/** `GET /v1/responses/{id}` and `GET /v1/responses/{id}/input_items`. */
export const retrieveResponse: Front = {
  method: "GET",
  path: "/v1/responses/{id}",
  endpoint: "responses",
  async handle(exchange, context) {
    const [id, rest] = splitPath(exchange.parameter);
    if (rest !== undefined && rest !== "input_items") throw unknownPath();
    const stored = await find(exchange, context, id);
    if (rest === "input_items") {
      exchange.sendJson(200, renderInputItems(stored, exchange.query));
      return;
    }
    if (exchange.query.get("stream") === "true") {
      throw invalidRequest(
        "stream",
        "unsupported",
        "A stored response is not streamed again.",
        "Fetch it whole: leave 'stream' out.",
      );
    }
    exchange.sendJson(200, stored.response);
  },
};

export const deleteResponse: Front = {
  method: "DELETE",
  path: "/v1/responses/{id}",
  endpoint: "responses",
  async handle(exchange, { responses }) {
    const [id, rest] = splitPath(exchange.parameter);
    if (rest !== undefined) throw unknownPath();
    if (!(await responses?.delete(exchange.caller.id, id))) throw notFound(id);
    exchange.sendJson(200, `{"id":${JSON.stringify(id)},"object":"response","deleted":true}`);
  },
};

/** `POST /v1/responses/{id}/cancel`: only what runs in the background could be cancelled, and nothing does. */
export const cancelResponse: Front = {
  method: "POST",
  path: "/v1/responses/{id}",
  endpoint: "responses",
  async handle(exchange, context) {
    const [id, rest] = splitPath(exchange.parameter);
    if (rest !== "cancel") throw unknownPath();
    await find(exchange, context, id);
    throw new HomegrownError({
      code: "gateway/not-in-background",
      kind: "invalid-input",
      message:
        "Only a response that was made in the background can be cancelled, and this server makes none.",
      hint: "Close the connection of a request to stop it.",
    });
  },
};

async function find(exchange: Exchange, { responses }: FrontContext, id: string): Promise<StoredResponse> {
  const stored = await responses?.get(exchange.caller.id, id);
  if (stored === undefined) throw notFound(id);
  return stored;
}

function splitPath(parameter: string): [id: string, rest: string | undefined] {
  const slash = parameter.indexOf("/");
  return slash < 0 ? [parameter, undefined] : [parameter.slice(0, slash), parameter.slice(slash + 1)];
}

function notFound(id: string): HomegrownError {
  return new HomegrownError({
    code: "gateway/response-not-found",
    kind: "not-found",
    message: `Response with id '${toPlainId(id)}' not found.`,
    hint: "Responses are kept for the key that made them, until they are deleted or their retention is over.",
  });
}

function unknownPath(): HomegrownError {
  return new HomegrownError({
    code: "gateway/unknown-route",
    kind: "not-found",
    message: "There is nothing at this path.",
    hint: "A response can be fetched, listed with /input_items, and deleted.",
  });
}
