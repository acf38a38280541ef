// https://platform.openai.com/docs/api-reference/audio/createTranscription
import { z } from "zod";
import { boundInputTokens } from "../../../../core/bounds.ts";
import type { ModelRequest } from "../../../../core/model-request.ts";
import { NO_LABELS } from "../../labels.ts";
import { parseRequest } from "../../parse-request.ts";
import type { FormBody } from "../form-body.ts";
import { translateTranscription } from "./translate.ts";

export const transcriptionFields = {
  model: z.string().min(1).max(256),
  prompt: z.string().nullish(),
  response_format: z.string().max(32).nullish(),
  temperature: z.number().min(0).max(1).nullish(),
};

export const requestSchema = z.looseObject({
  ...transcriptionFields,
  language: z.string().max(64).nullish(),
  languages: z.array(z.string().max(64)).nullish(),
  keywords: z.array(z.string()).nullish(),
  timestamp_granularities: z.array(z.string().max(32)).max(16).nullish(),
  stream: z.boolean().nullish(),
});

export type TranscriptionBody = z.output<typeof requestSchema>;

/** Throws `gateway/invalid-request`. */
export function parseTranscription(form: FormBody): ModelRequest {
  const body = parseRequest(requestSchema, form.fields);
  return {
    dialect: "openai/transcriptions",
    alias: body.model,
    stream: body.stream ?? false,
    needs: {
      tools: false,
      input: new Set(["audio"]),
      structuredOutput: false,
      logProbabilities: false,
      ...(body.language && { language: body.language }),
    },
    maxInputTokens: boundAudioTokens(form),
    maxOutputTokens: undefined,
    numChoices: 1,
    conversation: () => undefined,
    labels: NO_LABELS,
    bytes: form.bytes,
    translate: () => translateTranscription(body, form.file),
    body: describeForm(form),
  };
}

/** Sound counts by its bytes, as `bounds.ts` says. */
export function boundAudioTokens({ file, fieldBytes }: FormBody): number {
  return boundInputTokens(file.data.length + fieldBytes, { numImages: 0, imageBytes: 0 });
}

/** For capture and hooks: what was asked, without the recording itself. */
export function describeForm({ fields, file }: FormBody): unknown {
  const { filename, mediaType, data } = file;
  return { ...fields, file: { filename, media_type: mediaType, bytes: data.length } };
}
