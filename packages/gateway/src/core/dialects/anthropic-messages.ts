// Messages: input tokens come with the first event, cumulative output tokens with each `message_delta`.
// https://docs.claude.com/en/docs/build-with-claude/streaming
import { hourCacheWrites } from "../hour-cache-writes.ts";
import { NO_USAGE } from "../token-usage.ts";
import type { TokenUsage } from "../token-usage.ts";
import { readProviderError } from "../provider-error.ts";
import type { DialectReader, EventVerdict, StreamReader } from "./dialect-reader.ts";
import { hasData, parseData, stringBytes, toCount, toRecord } from "./event-scan.ts";

export const messagesReader: DialectReader = {
  usageOf: (answer) => toUsage(toRecord(answer)["usage"]),
  textBytesOf: (answer) => Buffer.byteLength(JSON.stringify(toRecord(answer)["content"] ?? "")),
  isAnswer: (answer) => Array.isArray(toRecord(answer)["content"]),
  createStreamReader: () => new MessageReader(),
  outputLimitMember: () => "max_tokens",
};

/** Counting is free: no token of the prompt is read by a model. */
export const countTokensReader: DialectReader = {
  usageOf: () => NO_USAGE,
  textBytesOf: () => 0,
  isAnswer: (answer) => typeof toRecord(answer)["input_tokens"] === "number",
};

const TEXT_MEMBERS = ['"text":', '"partial_json":', '"thinking":'];

class MessageReader implements StreamReader {
  usage: TokenUsage | undefined;
  textBytes = 0;
  isComplete = false;
  error: { message: string; type?: string; code?: string } | undefined;
  #usage: Record<string, unknown> = {};

  read(event: Buffer): EventVerdict {
    if (!hasData(event)) return "idle";
    const head = event.toString("latin1", 0, 64);
    if (head.includes("content_block_delta")) {
      for (const member of TEXT_MEMBERS) this.textBytes += stringBytes(event, member);
      return "pass";
    }
    if (head.includes("message_start")) {
      const { usage } = toRecord(toRecord(parseData(event))["message"]);
      this.#mergeUsage(usage);
    } else if (head.includes("message_delta")) {
      this.#mergeUsage(toRecord(parseData(event))["usage"]);
    } else if (head.includes("message_stop")) {
      this.isComplete = true;
    } else if (/(?:^event: ?error|"type": ?"error")/.test(head)) {
      this.error = readProviderError(parseData(event)) ?? { message: "The provider sent an error." };
      return "error";
    } else if (/(?:^event: ?ping|"type": ?"ping")/.test(head)) {
      return "idle";
    }
    return "pass";
  }

  #mergeUsage(usage: unknown): void {
    for (const [name, value] of Object.entries(toRecord(usage))) {
      if (value !== null) this.#usage[name] = value;
    }
    this.usage = toUsage(this.#usage);
  }
}

/** Anthropic counts cached tokens beside `input_tokens`; our total holds all three. */
function toUsage(value: unknown): TokenUsage | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const usage = toRecord(value);
  const cacheRead = toCount(usage["cache_read_input_tokens"]);
  const cacheWrite = toCount(usage["cache_creation_input_tokens"]);
  const cacheWriteHour = hourCacheWrites(usage);
  return {
    input: toCount(usage["input_tokens"]) + cacheRead + cacheWrite,
    cacheRead,
    cacheWrite,
    ...(cacheWriteHour > 0 && { cacheWriteHour }),
    output: toCount(usage["output_tokens"]),
    reasoning: toCount(toRecord(usage["output_tokens_details"])["thinking_tokens"]),
    estimated: false,
  };
}
