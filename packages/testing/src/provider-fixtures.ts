// Answers of a provider, as its published specification writes them, in a folder of files.
import { existsSync, readFileSync } from "node:fs";
import { crc32 } from "node:zlib";

/** `exchange.json`: what the provider expects to be asked, and what its answers say. */
export interface ExpectedExchange {
  /** The page that the answers follow. */
  specification: string;
  /** The folder beside this one that holds the answers, where another way of asking gets the same. */
  answers?: string;
  model: string;
  path: string;
  /** Default: as `path`. */
  streamPath?: string;
  /** Lower-case names; a value between slashes is a regular expression. */
  headers: Record<string, string>;
  /** Members that the request's body must hold, at dotted paths. */
  body: Record<string, unknown>;
  /** The same for streams; default as `body`. */
  streamBody?: Record<string, unknown>;
  usage: ExpectedUsage;
  /** Where the streams report other numbers. */
  streamUsage?: ExpectedUsage;
}

export interface ExpectedUsage {
  input: number;
  output: number;
  cacheRead?: number;
  reasoning?: number;
}

export interface ProviderFixtures {
  exchange: ExpectedExchange;
  text: Buffer;
  tools: Buffer;
  stream: Buffer;
  streamTools: Buffer;
  error: Buffer;
  streamContentType: string;
}

export function readProviderFixtures(folder: URL): ProviderFixtures {
  const exchange = JSON.parse(readFileSync(new URL("exchange.json", folder), "utf8")) as ExpectedExchange;
  const answers = exchange.answers === undefined ? folder : new URL(`../${exchange.answers}/`, folder);
  const read = (name: string): Buffer => readFileSync(new URL(name, answers));
  const isEventStream = existsSync(new URL("stream.events.jsonl", answers));
  const stream = (name: string): Buffer =>
    isEventStream ? encodeAwsEvents(read(`${name}.events.jsonl`).toString()) : read(`${name}.sse`);
  return {
    exchange,
    text: read("text.json"),
    tools: read("tools.json"),
    error: read("error.json"),
    stream: stream("stream"),
    streamTools: stream("stream-tools"),
    streamContentType: isEventStream ? "application/vnd.amazon.eventstream" : "text/event-stream",
  };
}

/**
 * AWS's binary event stream: total length, header length, checksum, headers, payload, checksum, all big-endian
 * (https://smithy.io/2.0/aws/amazon-eventstream.html). Each line of `lines` is `{ type, payload }`.
 */
function encodeAwsEvents(lines: string): Buffer {
  const events = lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { type: string; payload: unknown });
  return Buffer.concat(
    events.map(({ type, payload }) => {
      const body = Buffer.from(JSON.stringify(payload));
      const headers = Buffer.concat(
        Object.entries({
          ":event-type": type,
          ":content-type": "application/json",
          ":message-type": "event",
        }).map(([name, value]) => encodeAwsHeader(name, value)),
      );
      const frame = Buffer.alloc(16 + headers.length + body.length);
      frame.writeUInt32BE(frame.length, 0);
      frame.writeUInt32BE(headers.length, 4);
      frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
      headers.copy(frame, 12);
      body.copy(frame, 12 + headers.length);
      frame.writeUInt32BE(crc32(frame.subarray(0, -4)), frame.length - 4);
      return frame;
    }),
  );
}

function encodeAwsHeader(name: string, value: string): Buffer {
  const head = Buffer.from([name.length, ...Buffer.from(name), 7, value.length >> 8, value.length & 0xff]);
  return Buffer.concat([head, Buffer.from(value)]);
}
