import type { TranscriptionModel } from "@homegrown/contracts";
import { renderSrt, renderVtt } from "./captions.ts";
import { renderTranscriptUsage } from "./usage.ts";

export type Transcript = Awaited<ReturnType<TranscriptionModel["doGenerate"]>>;

export const TRANSCRIPT_FORMATS = ["json", "text", "srt", "vtt", "verbose_json"] as const;
export type TranscriptFormat = (typeof TRANSCRIPT_FORMATS)[number];

const PLAIN_TEXT = "text/plain; charset=utf-8";

/** `granularities`: what the verbose form shows. */
export function renderTranscription(
  transcript: Transcript,
  format: TranscriptFormat,
  granularities: readonly string[] = [],
): { body: string; contentType?: string } {
  switch (format) {
    case "text":
      return { body: `${transcript.text}\n`, contentType: PLAIN_TEXT };
    case "srt":
      return { body: renderSrt(transcript), contentType: PLAIN_TEXT };
    case "vtt":
      return { body: renderVtt(transcript), contentType: "text/vtt; charset=utf-8" };
    case "verbose_json":
      return { body: renderVerbose(transcript, granularities) };
    default:
      return { body: `{"text":${JSON.stringify(transcript.text)}${usageMember(transcript)}}` };
  }
}

function usageMember(transcript: Transcript): string {
  const usage = renderTranscriptUsage(transcript);
  return usage === undefined ? "" : `,"usage":${usage}`;
}

function renderVerbose(transcript: Transcript, granularities: readonly string[]): string {
  const { text, language, segments, words, durationInSeconds } = transcript;
  const duration = durationInSeconds ?? segments.at(-1)?.endSecond ?? words?.at(-1)?.endSecond ?? 0;
  const members = [
    `"task":"transcribe"`,
    `"language":${JSON.stringify(language ?? "")}`,
    `"duration":${duration}`,
    `"text":${JSON.stringify(text)}`,
  ];
  if (granularities.includes("segment"))
    members.push(`"segments":${JSON.stringify(segments.map(toSegment))}`);
  if (granularities.includes("word")) {
    const shown = (words ?? []).map(({ text, startSecond, endSecond }) => ({
      word: text,
      start: startSecond,
      end: endSecond,
    }));
    members.push(`"words":${JSON.stringify(shown)}`);
  }
  return `{${members.join(",")}${usageMember(transcript)}}`;
}

/**
 * Clients demand Whisper's inner figures, which the port does not tell: they are 0, the value that speaks for
 * nothing (an average log-probability of 0 is no sign of failure, a no-speech probability of 0 none of silence).
 */
function toSegment(
  { text, startSecond, endSecond }: Transcript["segments"][number],
  id: number,
): Record<string, unknown> {
  return {
    id,
    seek: 0,
    start: startSecond,
    end: endSecond,
    text,
    tokens: [],
    temperature: 0,
    avg_logprob: 0,
    compression_ratio: 0,
    no_speech_prob: 0,
  };
}
