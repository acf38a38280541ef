import type { Transcript } from "./render.ts";
import { toTranscriptUsage } from "./usage.ts";

/** OpenAI's events of a transcript: a delta for each segment (or one, without any), then the whole. */
export function renderTranscriptEvents(transcript: Transcript): { body: string } {
  const deltas = splitText(transcript)
    .map((delta) => event(`"type":"transcript.text.delta","delta":${JSON.stringify(delta)}`))
    .join("");
  const { input, output, estimated } = toTranscriptUsage(transcript);
  // This event's usage knows tokens only.
  const usage =
    estimated || input + output === 0
      ? ""
      : `,"usage":{"type":"tokens","input_tokens":${input},"output_tokens":${output},` +
        `"total_tokens":${input + output}}`;
  const done = event(`"type":"transcript.text.done","text":${JSON.stringify(transcript.text)}${usage}`);
  return { body: deltas + done };
}

/** The segments, as long as they make up the text; whatever they leave out comes last. */
function splitText({ text, segments }: Transcript): string[] {
  const deltas: string[] = [];
  let at = 0;
  for (const segment of segments) {
    const found = text.indexOf(segment.text, at);
    if (found < 0 || segment.text === "") break;
    deltas.push(text.slice(at, found + segment.text.length));
    at = found + segment.text.length;
  }
  if (at < text.length) deltas.push(text.slice(at));
  return deltas;
}

function event(members: string): string {
  return `data: {${members}}\n\n`;
}
