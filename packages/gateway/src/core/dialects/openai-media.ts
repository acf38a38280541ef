// Embeddings and audio. An audio stream ends with an event that carries its usage.
// https://platform.openai.com/docs/api-reference/audio/transcript-text-delta-event
import { readProviderError } from "../provider-error.ts";
import type { TokenUsage } from "../token-usage.ts";
import type { DialectReader, EventVerdict, StreamReader } from "./dialect-reader.ts";
import { byteLength, findValue, hasData, parseData, stringBytes, toCount, toRecord } from "./event-scan.ts";

type Fields = Readonly<Record<string, unknown>>;

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
  usageOf: (answer) => toTranscriptUsage(toRecord(answer)),
  textBytesOf: (answer) => byteLength(toRecord(answer)["text"]),
  isAnswer: (answer) => typeof toRecord(answer)["text"] === "string",
  createStreamReader: () => new TranscriptEvents(),
};

/** Sound reports nothing, and any bytes are an answer, but for an error. Only its events tell what they cost. */
export const speechReader: DialectReader = {
  usageOf: () => undefined,
  usageOfRequest: ({ input }) => (typeof input === "string" ? { characters: [...input].length } : {}),
  textBytesOf: () => 0,
  isAnswer: (answer) => readProviderError(answer) === undefined,
  createStreamReader: () => new SpeechEvents(),
};

/** Mistral's end of a transcript has a name of its own. */
const ENDS: ReadonlySet<unknown> = new Set([
  "transcript.text.done",
  "transcription.done",
  "speech.audio.done",
]);
/** Members of events that are more than a part of the answer. */
const TELLING = ['"usage":', '"error":'];
const DONE = Buffer.from("[DONE]");

abstract class AudioEvents implements StreamReader {
  usage: TokenUsage | undefined;
  isComplete = false;
  error: { message: string; type?: string; code?: string } | undefined;

  abstract readonly textBytes: number;
  /** Counts what is seen without parsing; whether the event holds a part of the answer. */
  protected abstract skim(event: Buffer): boolean;
  /** Every event that was parsed and is no error. */
  protected abstract look(data: Fields): void;

  read(event: Buffer): EventVerdict {
    if (!hasData(event)) return "idle";
    if (this.skim(event) && !TELLING.some((member) => findValue(event, member) >= 0)) return "pass";
    const value = parseData(event);
    if (value === undefined && event.includes(DONE)) this.isComplete = true;
    const data = toRecord(value);
    const error = toEventError(event, data);
    if (error) {
      this.error = error;
      return "error";
    }
    if (ENDS.has(data["type"])) this.isComplete = true;
    this.look(data);
    return "pass";
  }
}

/** OpenAI's deltas, and those of vLLM, which sends a transcript in the chunks of a chat. */
const DELTA_MEMBERS = ['"delta":', '"content":'];

class TranscriptEvents extends AudioEvents {
  #deltaBytes = 0;
  /** A transcript by speakers comes twice: in deltas, and in segments that repeat them. */
  #segmentBytes = 0;
  #wholeBytes = 0;

  get textBytes(): number {
    return this.#wholeBytes || Math.max(this.#deltaBytes, this.#segmentBytes);
  }

  protected skim(event: Buffer): boolean {
    const bytes = DELTA_MEMBERS.reduce((sum, member) => sum + stringBytes(event, member), 0);
    this.#deltaBytes += bytes;
    return bytes > 0;
  }

  protected look(data: Fields): void {
    const isEnd = ENDS.has(data["type"]);
    // Of what is not the whole, `duration` would be a part's.
    if (isEnd || data["usage"] !== undefined) this.usage = toTranscriptUsage(data) ?? this.usage;
    const bytes = byteLength(data["text"]);
    if (isEnd) this.#wholeBytes = bytes;
    else if (String(data["type"]).endsWith("segment")) this.#segmentBytes += bytes;
    else this.#deltaBytes += bytes;
  }
}

class SpeechEvents extends AudioEvents {
  /** Sound in base64 is no text. */
  readonly textBytes = 0;

  protected skim(event: Buffer): boolean {
    return stringBytes(event, '"audio":') > 0;
  }

  protected look(data: Fields): void {
    this.usage = toTokenUsage(toRecord(data["usage"])) ?? this.usage;
  }
}

function toEventError(event: Buffer, data: Fields): StreamReader["error"] {
  const error = readProviderError(data);
  if (error) return error;
  const isNamed = /(?:^|\n)event: ?error\b/.test(event.toString("latin1", 0, 120));
  return isNamed || data["type"] === "error" ? readProviderError({ error: data }) : undefined;
}

function toTranscriptUsage(answer: Fields): TokenUsage | undefined {
  const usage = toRecord(answer["usage"]);
  if (usage["type"] === "duration") return { ...inputUsage(0), audioSeconds: toSeconds(usage["seconds"]) };
  const tokens = toTokenUsage(usage);
  if (tokens) return tokens;
  const duration = toSeconds(answer["duration"]);
  return duration > 0 ? { ...inputUsage(0), audioSeconds: duration } : undefined;
}

/** In OpenAI's words for audio, or in those of a chat, as vLLM and Mistral count a transcript. */
function toTokenUsage(usage: Fields): TokenUsage | undefined {
  const input = usage["input_tokens"] ?? usage["prompt_tokens"];
  if (input === undefined) return undefined;
  return {
    ...inputUsage(toCount(input)),
    output: toCount(usage["output_tokens"] ?? usage["completion_tokens"]),
  };
}

function inputUsage(input: number): TokenUsage {
  return { input, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, estimated: false };
}

function toSeconds(value: unknown): number {
  const seconds = typeof value === "string" ? Number(value) : value;
  return typeof seconds === "number" && Number.isFinite(seconds) && seconds > 0 ? seconds : 0;
}
