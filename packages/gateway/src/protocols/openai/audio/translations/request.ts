// https://platform.openai.com/docs/api-reference/audio/createTranslation
import { z } from "zod";
import type { ModelRequest } from "../../../../core/model-request.ts";
import { invalidRequest } from "../../invalid-request.ts";
import { NO_LABELS } from "../../labels.ts";
import { parseRequest } from "../../parse-request.ts";
import type { FormBody } from "../form-body.ts";
import { boundAudioTokens, describeForm, transcriptionFields } from "../transcriptions/request.ts";

export const requestSchema = z.looseObject(transcriptionFields);

/** Throws `gateway/invalid-request`. */
export function parseTranslation(form: FormBody): ModelRequest {
  const body = parseRequest(requestSchema, form.fields);
  return {
    dialect: "openai/translations",
    alias: body.model,
    stream: false,
    needs: { tools: false, input: new Set(["audio"]), structuredOutput: false, logProbabilities: false },
    maxInputTokens: boundAudioTokens(form),
    maxOutputTokens: undefined,
    numChoices: 1,
    conversation: () => undefined,
    labels: NO_LABELS,
    bytes: form.bytes,
    translate: refuse,
    body: describeForm(form),
  };
}

/** No port has a word for "into English", and a transcript in its place would answer another question. */
function refuse(): never {
  throw invalidRequest(
    "model",
    "unsupported",
    "The models behind this name transcribe speech in its own language and do not translate it.",
    "Ask /v1/audio/transcriptions, and a chat model to translate the text.",
  );
}
