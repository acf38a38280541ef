// https://platform.claude.com/docs/en/api/messages
import type { IncomingHttpHeaders } from "node:http";
import type { JsonBody } from "../../../server/json-body.ts";
import { toJsonBody } from "../../openai/to-json-body.ts";
import { estimateInputTokens } from "../estimate-input.ts";
import type { EstimatedRequest } from "../estimated-request.ts";
import { parseRequest } from "../parse-request.ts";
import { forwardedHeaders } from "../request-headers.ts";
import { messagesSchema } from "./body-schema.ts";
import { beginningOf, sessionOf } from "./conversation.ts";
import { toPassableBytes } from "./own-traces.ts";
import { surveyBody } from "./survey.ts";
import { translateMessages } from "./translate.ts";

const MAX_LABEL_LENGTH = 512;

/** Throws `gateway/invalid-request`. */
export function parseMessages({ value, bytes }: JsonBody, headers: IncomingHttpHeaders): EstimatedRequest {
  const body = parseRequest(messagesSchema, value);
  const { input, maxInputTokens } = surveyBody(body, bytes.raw.length);
  const userId = body.metadata?.user_id ?? undefined;
  let conversation: string | undefined;
  let estimate: number | undefined;
  return {
    dialect: "anthropic/messages",
    alias: body.model,
    stream: body.stream ?? false,
    needs: {
      tools: (body.tools?.length ?? 0) > 0,
      input,
      structuredOutput: Boolean(body.output_config?.format ?? body.output_format),
      logProbabilities: false,
    },
    maxInputTokens,
    estimatedInputTokens: () => (estimate ??= estimateInputTokens(body)),
    maxOutputTokens: body.max_tokens,
    numChoices: 1,
    conversation: () => (conversation ??= sessionOf(headers, userId) ?? beginningOf(body)),
    labels: userId === undefined ? {} : { user_id: userId.slice(0, MAX_LABEL_LENGTH) },
    bytes: toPassableBytes(bytes, body.messages, forwardedHeaders(headers)),
    translate: () => translateMessages(body),
    body: value,
    reparse: (changed) => parseMessages(toJsonBody(changed), headers),
  };
}
