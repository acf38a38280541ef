// Chat completions and text completions: `usage` on the answer, or on the last chunk of a stream that was asked
// for it. https://platform.openai.com/docs/api-reference/chat/streaming
import type { TokenUsage } from "../token-usage.ts";
import { readProviderError } from "../provider-error.ts";
import type { DialectReader, EventVerdict, StreamReader } from "./dialect-reader.ts";
import { byteLength, findValue, hasData, parseData, stringBytes, toCount, toRecord } from "./event-scan.ts";

const OPEN_BRACE = 0x7b;
const QUOTE = 0x22;
const DONE = Buffer.from("[DONE]");

export const chatCompletionsReader: DialectReader = {
  usageOf: (answer) => toUsage(toRecord(answer)["usage"]),
  textBytesOf: (answer) =>
    sum(toRecord(answer)["choices"], (choice) => {
      const { content, reasoning_content, tool_calls } = toRecord(choice["message"]);
      const calls = tool_calls === undefined ? 0 : Buffer.byteLength(JSON.stringify(tool_calls));
      return byteLength(content) + byteLength(reasoning_content) + calls;
    }),
  isAnswer: (answer) => Array.isArray(toRecord(answer)["choices"]),
  createStreamReader: () => new ChunkReader(['"content":', '"arguments":', '"reasoning_content":']),
  askForUsage,
  outputLimitMember: (body) =>
    body["max_tokens"] !== undefined && body["max_completion_tokens"] === undefined
      ? "max_tokens"
      : "max_completion_tokens",
};

export const textCompletionsReader: DialectReader = {
  usageOf: chatCompletionsReader.usageOf,
  textBytesOf: (answer) => sum(toRecord(answer)["choices"], (choice) => byteLength(choice["text"])),
  isAnswer: chatCompletionsReader.isAnswer,
  createStreamReader: () => new ChunkReader(['"text":']),
  askForUsage,
  outputLimitMember: () => "max_tokens",
};

function askForUsage(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  const options = toRecord(body["stream_options"]);
  if (options["include_usage"] === true) return undefined;
  return { stream_options: { ...options, include_usage: true } };
}

class ChunkReader implements StreamReader {
  usage: TokenUsage | undefined;
  textBytes = 0;
  isComplete = false;
  error: { message: string; type?: string; code?: string } | undefined;
  readonly #textMembers: readonly string[];

  constructor(textMembers: readonly string[]) {
    this.#textMembers = textMembers;
  }

  read(event: Buffer): EventVerdict {
    if (!hasData(event)) return "idle";
    for (const member of this.#textMembers) this.textBytes += stringBytes(event, member);
    const usageAt = findValue(event, '"usage":');
    if (usageAt >= 0 && event[usageAt] === OPEN_BRACE) return this.#readUsage(event);
    const reasonAt = findValue(event, '"finish_reason":');
    if (reasonAt >= 0) {
      if (event[reasonAt] === QUOTE) this.isComplete = true;
      return "pass";
    }
    if (event.includes(DONE)) {
      this.isComplete = true;
      return "pass";
    }
    return this.#readRare(event);
  }

  #readUsage(event: Buffer): EventVerdict {
    const chunk = toRecord(parseData(event));
    this.usage = toUsage(chunk["usage"]) ?? this.usage;
    const choices = chunk["choices"];
    if (!Array.isArray(choices)) return "pass";
    if (choices.some((choice) => typeof toRecord(choice)["finish_reason"] === "string"))
      this.isComplete = true;
    return choices.length === 0 ? "hide" : "pass";
  }

  #readRare(event: Buffer): EventVerdict {
    const error = readProviderError(parseData(event));
    if (!error) return "pass";
    this.error = error;
    return "error";
  }
}

function toUsage(value: unknown): TokenUsage | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const usage = toRecord(value);
  const input = toRecord(usage["prompt_tokens_details"]);
  const output = toRecord(usage["completion_tokens_details"]);
  return {
    input: toCount(usage["prompt_tokens"]),
    cacheRead: toCount(input["cached_tokens"]),
    cacheWrite: toCount(input["cache_write_tokens"]),
    output: toCount(usage["completion_tokens"]),
    reasoning: toCount(output["reasoning_tokens"]),
    estimated: false,
  };
}

function sum(list: unknown, measure: (item: Readonly<Record<string, unknown>>) => number): number {
  if (!Array.isArray(list)) return 0;
  return list.reduce<number>((total, item) => total + measure(toRecord(item)), 0);
}
