import type { TranscriptionModel } from "@homegrown/contracts";
import type { PortContext, TranscriptionTranslation } from "../../../../core/model-request.ts";
import type { TokenUsage } from "../../../../core/token-usage.ts";
import { sortOutFields } from "../../field-table.ts";
import { invalidRequest } from "../../invalid-request.ts";
import { compact } from "../../sampling-fields.ts";
import { mediaTypeOf } from "../media-type.ts";
import type { FormFile } from "../multipart.ts";
import { TRANSCRIPTION_FIELDS } from "./fields.ts";
import { renderTranscription, TRANSCRIPT_FORMATS } from "./render.ts";
import type { TranscriptFormat } from "./render.ts";
import type { TranscriptionBody } from "./request.ts";
import { renderTranscriptEvents } from "./stream.ts";
import { toTranscriptUsage } from "./usage.ts";

type Call = Parameters<TranscriptionModel["doGenerate"]>[0];
type WholeAnswer = Promise<{ body: string; contentType?: string; usage: TokenUsage }>;
type Granularity = NonNullable<Call["timestampGranularities"]>[number];

/** Whose packages read these options, each under its own key. */
const OPTION_KEYS = ["homegrown", "openai", "groq", "mistral", "xai"] as const;

/** The request over the transcription port. Throws `gateway/invalid-request` for what it cannot say. */
export function translateTranscription(body: TranscriptionBody, file: FormFile): TranscriptionTranslation {
  const dropped = sortOutFields(TRANSCRIPTION_FIELDS, body);
  const format = toFormat(body.response_format);
  const streamed = body.stream ?? false;
  if (streamed && format !== "json" && format !== "text") {
    throw invalidRequest(
      "stream",
      "value",
      "A transcript streams as text; a 'response_format' with times comes whole.",
      "Leave 'stream' out, or ask for 'json'.",
    );
  }
  const granularities = toGranularities(body, format);
  const call: Omit<Call, "abortSignal"> = {
    audio: file.data,
    mediaType: toMediaType(file),
    ...(granularities && { timestampGranularities: granularities }),
    providerOptions: toProviderOptions(body),
  };
  const answer = async (model: TranscriptionModel, { signal }: PortContext): WholeAnswer => {
    const transcript = await model.doGenerate({ ...call, abortSignal: signal });
    const rendered = streamed
      ? renderTranscriptEvents(transcript)
      : renderTranscription(transcript, format, granularities);
    return { ...rendered, usage: toTranscriptUsage(transcript) };
  };
  return {
    port: "transcription",
    dropped,
    run: (model, context) =>
      streamed
        ? { kind: "stream", parts: toParts(answer(model, context)) }
        : { kind: "whole", answer: answer(model, context) },
  };
}

/** The port gives a transcript whole; a client that asked for a stream gets its events when it is there. */
async function* toParts(
  answer: WholeAnswer,
): AsyncGenerator<{ text: string; usage: TokenUsage }, void, undefined> {
  const { body, usage } = await answer;
  yield { text: body, usage };
}

function toFormat(format: string | null | undefined): TranscriptFormat {
  const known = TRANSCRIPT_FORMATS.find((name) => name === (format ?? "json"));
  if (known !== undefined) return known;
  throw invalidRequest(
    "response_format",
    "unsupported",
    "'response_format' is none that this server writes.",
    `Use one of ${TRANSCRIPT_FORMATS.map((name) => `'${name}'`).join(", ")}.`,
  );
}

/** Captions and the verbose form show times, so they are asked for. */
function toGranularities(
  { timestamp_granularities: asked }: TranscriptionBody,
  format: TranscriptFormat,
): Granularity[] | undefined {
  if (format === "json" || format === "text") return undefined;
  if (format !== "verbose_json" || !asked || asked.length === 0) return ["segment"];
  return asked.map((granularity, index) => {
    if (granularity === "word" || granularity === "segment") return granularity;
    throw invalidRequest(
      `timestamp_granularities[${index}]`,
      "value",
      "'timestamp_granularities' holds something else than 'word' and 'segment'.",
      "Use 'word', 'segment' or both.",
    );
  });
}

function toMediaType(file: FormFile): string {
  const mediaType = mediaTypeOf(file);
  if (mediaType !== undefined) return mediaType;
  throw invalidRequest(
    "file",
    "value",
    "Neither the file's name, nor its Content-Type, nor its first bytes tell the audio's format.",
    "Give the file a name with an extension such as .mp3 or .wav.",
  );
}

function toProviderOptions(body: TranscriptionBody): NonNullable<Call["providerOptions"]> {
  const { language, languages, keywords, prompt, temperature } = body;
  const options = compact({ language, languages, keywords, prompt, temperature });
  if (Object.keys(options).length === 0) return {};
  return Object.fromEntries(OPTION_KEYS.map((key) => [key, options]));
}
