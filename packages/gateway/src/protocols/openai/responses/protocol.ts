// Responses are OpenAI's protocol with errors of their own in streams: there, clients wait for events that have
// a type, and one that meets none takes the connection for broken and asks again.
import { HomegrownError } from "@homegrown/contracts";
import type { Protocol, RenderedError } from "../../../server/front.ts";
import { renderError } from "../errors.ts";
import { renderLimitHeaders } from "../limit-headers.ts";
import { countInputTokens, createResponse } from "./front.ts";
import { cancelResponse, deleteResponse, retrieveResponse } from "./stored-fronts.ts";

/** After all events that a stream could have had. */
const LAST_NUMBER = 2 ** 31 - 2;

export const openAiResponses: Protocol = {
  name: "openai-responses",
  fronts: [createResponse, countInputTokens, retrieveResponse, deleteResponse, cancelResponse],
  renderError: renderResponsesError,
  renderStreamError,
  renderLimits: renderLimitHeaders,
};

/** What the chat endpoint calls these parameters, and what they are called here. */
const PARAMS: Readonly<Record<string, string>> = {
  messages: "input",
  response_format: "text.format",
  logprobs: "top_logprobs",
};

function renderResponsesError(thrown: unknown, requestId: string): RenderedError {
  const rendered = renderError(thrown, requestId);
  const { error } = JSON.parse(rendered.body) as { error: { param: string | null } };
  const param = error.param === null ? undefined : PARAMS[error.param];
  return param === undefined
    ? rendered
    : { ...rendered, body: JSON.stringify({ error: { ...error, param } }) };
}

/** `error`, which SDKs throw when they meet it, and `response.failed`, which Codex decides by. */
export function renderStreamError(thrown: unknown, requestId: string): string {
  const { error } = JSON.parse(renderResponsesError(thrown, requestId).body) as {
    error: { message: string; code: string; param: string | null };
  };
  const { message, code, param } = error;
  const failed = {
    object: "response",
    status: "failed",
    error: { code: failureCode(thrown, code), message },
  };
  return (
    render("error", { sequence_number: LAST_NUMBER, code, message, param }) +
    render("response.failed", { sequence_number: LAST_NUMBER + 1, response: failed })
  );
}

function render(type: string, members: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
}

/** A failed response's error has one of few codes; the first is Codex's sign to shorten the conversation. */
function failureCode(thrown: unknown, code: string): string {
  if (code === "context_length_exceeded") return code;
  if (!(thrown instanceof HomegrownError)) return "server_error";
  if (thrown.kind === "overloaded") return "rate_limit_exceeded";
  return thrown.kind === "invalid-input" ? "invalid_prompt" : "server_error";
}
