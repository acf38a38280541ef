// Embeddings and audio.
import type { TokenUsage } from "../token-usage.ts";
import type { DialectReader } from "./dialect-reader.ts";
import { toCount, toRecord } from "./event-scan.ts";

export const embeddingsReader: DialectReader = {
  usageOf: (answer) => {
    const { usage } = toRecord(answer);
    return usage === undefined ? undefined : inputUsage(toCount(toRecord(usage)["prompt_tokens"]));
  },
  textBytesOf: () => 0,
  isAnswer: (answer) => Array.isArray(toRecord(answer)["data"]),
};

/** `usage` is in tokens or in seconds, by model. Plain text, SRT and VTT answers hold none. */
export const transcriptionsReader: DialectReader = {
  usageOf: (answer) => {
    const usage = toRecord(toRecord(answer)["usage"]);
    if (usage["type"] === "duration") return { ...inputUsage(0), audioSeconds: toSeconds(usage["seconds"]) };
    if (usage["input_tokens"] === undefined) {
      const duration = toSeconds(toRecord(answer)["duration"]);
      return duration > 0 ? { ...inputUsage(0), audioSeconds: duration } : undefined;
    }
    return { ...inputUsage(toCount(usage["input_tokens"])), output: toCount(usage["output_tokens"]) };
  },
  textBytesOf: (answer) => {
    const { text } = toRecord(answer);
    return typeof text === "string" ? Buffer.byteLength(text) : 0;
  },
  isAnswer: (answer) => typeof toRecord(answer)["text"] === "string",
};

/** The answer is sound: it reports nothing, and any bytes are an answer. */
export const speechReader: DialectReader = {
  usageOf: () => undefined,
  usageOfRequest: ({ input }) => (typeof input === "string" ? { characters: [...input].length } : {}),
  textBytesOf: () => 0,
  isAnswer: () => true,
};

function inputUsage(input: number): TokenUsage {
  return { input, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, estimated: false };
}

function toSeconds(value: unknown): number {
  const seconds = typeof value === "string" ? Number(value) : value;
  return typeof seconds === "number" && Number.isFinite(seconds) && seconds > 0 ? seconds : 0;
}
