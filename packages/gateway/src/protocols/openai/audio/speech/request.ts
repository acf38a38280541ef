// https://platform.openai.com/docs/api-reference/audio/createSpeech
import { z } from "zod";
import { boundInputTokens } from "../../../../core/bounds.ts";
import type { ModelRequest } from "../../../../core/model-request.ts";
import type { JsonBody } from "../../../../server/json-body.ts";
import { NO_LABELS } from "../../labels.ts";
import { parseRequest } from "../../parse-request.ts";
import { toJsonBody } from "../../to-json-body.ts";
import { translateSpeech } from "./translate.ts";

export const requestSchema = z.looseObject({
  model: z.string().min(1).max(256),
  input: z.string(),
  voice: z
    .union([z.string(), z.looseObject({ id: z.string() })], { error: "expected a name or {id}" })
    .nullish(),
  instructions: z.string().nullish(),
  response_format: z.string().max(32).nullish(),
  speed: z.number().min(0.25).max(4).nullish(),
  stream_format: z.string().max(32).nullish(),
});

export type SpeechBody = z.output<typeof requestSchema>;

const NEEDS = {
  tools: false,
  input: new Set(["text"] as const),
  structuredOutput: false,
  logProbabilities: false,
};

/** Throws `gateway/invalid-request`. */
export function parseSpeech({ value, bytes }: JsonBody): ModelRequest {
  const body = parseRequest(requestSchema, value);
  return {
    dialect: "openai/speech",
    alias: body.model,
    stream: body.stream_format === "sse",
    needs: NEEDS,
    maxInputTokens: boundInputTokens(bytes.raw.length, { numImages: 0, imageBytes: 0 }),
    maxOutputTokens: undefined,
    numChoices: 1,
    conversation: () => undefined,
    labels: NO_LABELS,
    bytes,
    translate: () => translateSpeech(body),
    body: value,
    reparse: (changed) => parseSpeech(toJsonBody(changed)),
  };
}
