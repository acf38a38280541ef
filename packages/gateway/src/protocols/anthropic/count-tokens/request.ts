// https://platform.claude.com/docs/en/api/messages-count-tokens
import type { IncomingHttpHeaders } from "node:http";
import type { CountTranslation } from "../../../core/model-request.ts";
import type { JsonBody } from "../../../server/json-body.ts";
import { toJsonBody } from "../../openai/to-json-body.ts";
import { countTokensSchema } from "../messages/body-schema.ts";
import { beginningOf, sessionOf } from "../messages/conversation.ts";
import { surveyBody } from "../messages/survey.ts";
import { toPassableBytes } from "../messages/own-traces.ts";
import { estimateInputTokens } from "../estimate-input.ts";
import type { EstimatedRequest } from "../estimated-request.ts";
import { parseRequest } from "../parse-request.ts";
import { forwardedHeaders } from "../request-headers.ts";

/** Throws `gateway/invalid-request`. */
export function parseCountTokens({ value, bytes }: JsonBody, headers: IncomingHttpHeaders): EstimatedRequest {
  const body = parseRequest(countTokensSchema, value);
  const { input, maxInputTokens } = surveyBody(body, bytes.raw.length);
  let conversation: string | undefined;
  let estimate: number | undefined;
  return {
    dialect: "anthropic/count-tokens",
    alias: body.model,
    stream: false,
    needs: {
      tools: (body.tools?.length ?? 0) > 0,
      input,
      structuredOutput: false,
      logProbabilities: false,
    },
    maxInputTokens,
    estimatedInputTokens: () => (estimate ??= estimateInputTokens(body)),
    // Counting generates nothing.
    maxOutputTokens: 0,
    numChoices: 1,
    conversation: () => (conversation ??= sessionOf(headers, undefined) ?? beginningOf(body)),
    labels: {},
    bytes: toPassableBytes(bytes, body.messages, forwardedHeaders(headers)),
    translate: (): CountTranslation => ({
      port: "count",
      render: (inputTokens) => `{"input_tokens":${inputTokens}}`,
    }),
    body: value,
    reparse: (changed) => parseCountTokens(toJsonBody(changed), headers),
  };
}
