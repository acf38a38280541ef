// SubRip and WebVTT (https://www.w3.org/TR/webvtt1/): a transcript's segments as captions.
import type { Transcript } from "./render.ts";

type Segment = Transcript["segments"][number];

export function renderSrt(transcript: Pick<Transcript, "text" | "segments" | "durationInSeconds">): string {
  return cuesOf(transcript)
    .map(
      ({ text, startSecond, endSecond }, index) =>
        `${index + 1}\n${timestamp(startSecond, ",")} --> ${timestamp(endSecond, ",")}\n${toCueText(text)}\n\n`,
    )
    .join("");
}

export function renderVtt(transcript: Pick<Transcript, "text" | "segments" | "durationInSeconds">): string {
  const cues = cuesOf(transcript).map(
    ({ text, startSecond, endSecond }) =>
      `${timestamp(startSecond, ".")} --> ${timestamp(endSecond, ".")}\n${escapeVtt(toCueText(text))}\n\n`,
  );
  return `WEBVTT\n\n${cues.join("")}`;
}

/** A transcriber without times still heard the whole. */
function cuesOf({
  text,
  segments,
  durationInSeconds,
}: Pick<Transcript, "text" | "segments" | "durationInSeconds">): Segment[] {
  if (segments.length > 0 || text === "") return segments;
  return [{ text, startSecond: 0, endSecond: durationInSeconds ?? 0 }];
}

/** A blank line would end the cue. */
function toCueText(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, "\n");
}

function escapeVtt(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function timestamp(seconds: number, decimal: "." | ","): string {
  const ms = Math.max(0, Math.round(seconds * 1000));
  return (
    `${pad(Math.floor(ms / 3_600_000))}:${pad(Math.floor(ms / 60_000) % 60)}:` +
    `${pad(Math.floor(ms / 1000) % 60)}${decimal}${pad(ms % 1000, 3)}`
  );
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}
