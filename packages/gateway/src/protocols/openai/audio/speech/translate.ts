import type { SpeechModel } from "@homegrown/contracts";
import type { PortContext, PortRun, SpeechTranslation } from "../../../../core/model-request.ts";
import { NO_USAGE } from "../../../../core/token-usage.ts";
import type { TokenUsage } from "../../../../core/token-usage.ts";
import { sortOutFields } from "../../field-table.ts";
import { invalidRequest } from "../../invalid-request.ts";
import { compact } from "../../sampling-fields.ts";
import { SPEECH_FIELDS } from "./fields.ts";
import type { SpeechBody } from "./request.ts";

type Call = Omit<Parameters<SpeechModel["doGenerate"]>[0], "abortSignal">;
type Speech = Awaited<ReturnType<SpeechModel["doGenerate"]>>;

const MEDIA_TYPE_OF_FORMAT: Readonly<Record<string, string>> = {
  mp3: "audio/mpeg",
  opus: "audio/opus",
  aac: "audio/aac",
  flac: "audio/flac",
  wav: "audio/wav",
  pcm: "audio/pcm",
};

const BYTES_PER_TOKEN = 4;

/** The request over the speech port. Throws `gateway/invalid-request` for what it cannot say. */
export function translateSpeech(body: SpeechBody): SpeechTranslation {
  const dropped = sortOutFields(SPEECH_FIELDS, body);
  const format = body.response_format ?? "mp3";
  const mediaType = Object.hasOwn(MEDIA_TYPE_OF_FORMAT, format) ? MEDIA_TYPE_OF_FORMAT[format] : undefined;
  if (mediaType === undefined) throw unknownWord("response_format", Object.keys(MEDIA_TYPE_OF_FORMAT));
  const streamFormat = body.stream_format ?? "audio";
  if (streamFormat !== "audio" && streamFormat !== "sse")
    throw unknownWord("stream_format", ["audio", "sse"]);
  const { input, voice, instructions, speed } = body;
  const call: Call = {
    text: input,
    outputFormat: format,
    ...compact({ voice: typeof voice === "object" ? voice?.id : voice, instructions, speed }),
  };
  return {
    port: "speech",
    dropped,
    run: (model, context) =>
      streamFormat === "sse"
        ? { kind: "stream", parts: streamSpeech(model, call, context) }
        : { kind: "whole", answer: speak(model, call, context, mediaType) },
  };
}

async function speak(
  model: SpeechModel,
  call: Call,
  { signal }: PortContext,
  contentType: string,
): Extract<PortRun, { kind: "whole" }>["answer"] {
  const speech = await model.doGenerate({ ...call, abortSignal: signal });
  const { audio } = speech;
  const body = typeof audio === "string" ? Buffer.from(audio, "base64") : audio;
  return { body, contentType, usage: toUsage(speech, call.text) };
}

/** The port gives the audio whole: one event with it, and one that ends. */
async function* streamSpeech(
  model: SpeechModel,
  call: Call,
  { signal }: PortContext,
): AsyncGenerator<{ text: string; usage?: TokenUsage }, void, undefined> {
  const speech = await model.doGenerate({ ...call, abortSignal: signal });
  const { audio } = speech;
  const base64 = typeof audio === "string" ? audio : Buffer.from(audio).toString("base64");
  const usage = toUsage(speech, call.text);
  const counts = `{"input_tokens":${usage.input},"output_tokens":${usage.output},"total_tokens":${usage.input + usage.output}}`;
  yield { text: `data: {"type":"speech.audio.delta","audio":"${base64}"}\n\n` };
  yield { text: `data: {"type":"speech.audio.done","usage":${counts}}\n\n`, usage };
}

/** Speech is billed by tokens or by characters. */
function toUsage({ usage }: Speech, text: string): TokenUsage {
  const characters = [...text].length;
  const [input, output] = [usage?.["input_tokens"], usage?.["output_tokens"]];
  if (typeof input === "number" && typeof output === "number")
    return { ...NO_USAGE, input, output, characters };
  return {
    ...NO_USAGE,
    input: Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN),
    characters,
    estimated: true,
  };
}

function unknownWord(param: string, known: readonly string[]): Error {
  return invalidRequest(
    param,
    "unsupported",
    `'${param}' is none that the models behind this name know.`,
    `Use one of ${known.map((word) => `'${word}'`).join(", ")}.`,
  );
}
