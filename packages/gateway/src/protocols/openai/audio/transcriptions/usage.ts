import { NO_USAGE } from "../../../../core/token-usage.ts";
import type { TokenUsage } from "../../../../core/token-usage.ts";
import type { Transcript } from "./render.ts";

const BYTES_PER_TOKEN = 4;

/** Tokens or seconds, whichever the provider bills; where it says neither, the text is counted here. */
export function toTranscriptUsage({ usage, durationInSeconds, text }: Transcript): TokenUsage {
  const seconds = toCount(durationInSeconds) ?? toCount(usage?.["seconds"]);
  const audio = seconds === undefined ? {} : { audioSeconds: seconds };
  const [input, output] = [toCount(usage?.["input_tokens"]), toCount(usage?.["output_tokens"])];
  if (input !== undefined || output !== undefined) {
    return { ...NO_USAGE, input: input ?? 0, output: output ?? 0, ...audio };
  }
  if (seconds !== undefined) return { ...NO_USAGE, ...audio };
  return { ...NO_USAGE, output: Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN), estimated: true };
}

/** As clients read it: only what is known. */
export function renderTranscriptUsage(transcript: Transcript): string | undefined {
  const { input, output, audioSeconds, estimated } = toTranscriptUsage(transcript);
  if (estimated) return undefined;
  if (input + output === 0 && audioSeconds !== undefined) {
    return `{"type":"duration","seconds":${audioSeconds}}`;
  }
  return (
    `{"type":"tokens","input_tokens":${input},"output_tokens":${output},` +
    `"total_tokens":${input + output}}`
  );
}

function toCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}
