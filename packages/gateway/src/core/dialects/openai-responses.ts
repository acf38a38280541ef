// Responses: the event that ends a stream carries the whole response, its usage with it.
// https://platform.openai.com/docs/api-reference/responses-streaming
import type { TokenUsage } from "../token-usage.ts";
import { readProviderError } from "../provider-error.ts";
import type { DialectReader, EventVerdict, StreamReader } from "./dialect-reader.ts";
import { hasData, parseData, stringBytes, toCount, toRecord } from "./event-scan.ts";

export const responsesReader: DialectReader = {
  usageOf: (answer) => toUsage(toRecord(answer)["usage"]),
  textBytesOf: (answer) => Buffer.byteLength(JSON.stringify(toRecord(answer)["output"] ?? "")),
  isAnswer: (answer) => Array.isArray(toRecord(answer)["output"]),
  createStreamReader: () => new ResponseReader(),
  outputLimitMember: () => "max_output_tokens",
};

const DELTA = '"delta":';
const ENDS = ["response.completed", "response.incomplete", "response.failed"];

class ResponseReader implements StreamReader {
  usage: TokenUsage | undefined;
  textBytes = 0;
  isComplete = false;
  error: { message: string; type?: string; code?: string } | undefined;
  answer: unknown;

  read(event: Buffer): EventVerdict {
    if (!hasData(event)) return "idle";
    // The type stands at the event's beginning, in its `event:` line or as first member of its data. It comes first:
    // a response repeats the client's metadata, which may have a member of any name.
    const head = event.toString("latin1", 0, 120);
    if (ENDS.some((end) => head.includes(end))) return this.#readEnd(event);
    if (/(?:^event: ?error|"type": ?"error")/.test(head)) {
      const data = toRecord(parseData(event));
      this.error = readProviderError(data) ??
        readProviderError({ error: data }) ?? { message: "The provider sent an error." };
      return "error";
    }
    this.textBytes += stringBytes(event, DELTA);
    return "pass";
  }

  #readEnd(event: Buffer): EventVerdict {
    const response = toRecord(toRecord(parseData(event))["response"]);
    this.answer = response;
    this.usage = toUsage(response["usage"]);
    this.isComplete = true;
    if (response["status"] === "failed") {
      this.error = readProviderError(response) ?? { message: "The response failed." };
      return "error";
    }
    return "pass";
  }
}

function toUsage(value: unknown): TokenUsage | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const usage = toRecord(value);
  return {
    input: toCount(usage["input_tokens"]),
    cacheRead: toCount(toRecord(usage["input_tokens_details"])["cached_tokens"]),
    cacheWrite: toCount(toRecord(usage["input_tokens_details"])["cache_write_tokens"]),
    output: toCount(usage["output_tokens"]),
    reasoning: toCount(toRecord(usage["output_tokens_details"])["reasoning_tokens"]),
    estimated: false,
  };
}
