// What applications say of answers: their own requests', and those of their team.
import { noFeedbackKept, requestNotFound } from "../../../feedback/feedback-errors.ts";
import type { FeedbackStore } from "../../../feedback/feedback.ts";
import type { Front, FrontContext } from "../../../server/front.ts";
import { parseFeedback } from "./request.ts";
import { renderDeleted, renderFeedback, renderFeedbackList } from "./render.ts";

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

export const giveFeedback: Front = {
  method: "POST",
  path: "/v1/feedback",
  endpoint: undefined,
  async handle(exchange, context) {
    const store = storeOf(context);
    const { requestId, content } = parseFeedback(await exchange.readJson());
    exchange.sendJson(200, renderFeedback(await store.add(exchange.caller, requestId, content)));
  },
};

export const retrieveFeedback: Front = {
  method: "GET",
  path: "/v1/feedback/{request_id}",
  endpoint: undefined,
  async handle(exchange, context) {
    const requestId = checkId(exchange.parameter);
    const feedback = await storeOf(context).list(exchange.caller, requestId);
    exchange.sendJson(200, renderFeedbackList(requestId, feedback));
  },
};

export const deleteFeedback: Front = {
  method: "DELETE",
  path: "/v1/feedback/{request_id}",
  endpoint: undefined,
  async handle(exchange, context) {
    const requestId = checkId(exchange.parameter);
    const numDeleted = await storeOf(context).delete(exchange.caller, requestId);
    exchange.sendJson(200, renderDeleted(requestId, numDeleted));
  },
};

function storeOf({ feedback }: FrontContext): FeedbackStore {
  if (feedback === undefined) throw noFeedbackKept();
  return feedback;
}

function checkId(id: string): string {
  if (!REQUEST_ID.test(id)) throw requestNotFound();
  return id;
}
