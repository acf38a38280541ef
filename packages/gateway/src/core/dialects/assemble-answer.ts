// An answer as one value in its dialect's own whole shape, also where it was sent as a stream: for whoever looks
// at answers once they are over (hooks, capture). Tolerant: what is not understood is left out.
import type { Dialect } from "../dialect.ts";
import { eventEnd, parseData, toRecord } from "./event-scan.ts";

type Fields = Record<string, unknown>;

/** Undefined where the bytes are no JSON (sound, subtitles). */
export function assembleAnswer(dialect: Dialect, streamed: boolean, bytes: Buffer): unknown {
  if (!streamed) return parseWhole(bytes);
  const events = [...readEvents(bytes)];
  switch (dialect) {
    case "openai/chat-completions":
      return assembleChunks(events, addChatDelta);
    case "openai/completions":
      return assembleChunks(events, addTextDelta);
    case "openai/responses":
      return assembleResponse(events);
    case "anthropic/messages":
      return assembleMessage(events);
    default:
      return events.at(-1);
  }
}

function parseWhole(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

function* readEvents(bytes: Buffer): Generator<Fields> {
  for (let at = 0; at < bytes.length;) {
    const end = eventEnd(bytes, at) || bytes.length;
    const data = parseData(bytes.subarray(at, end));
    if (typeof data === "object" && data !== null) yield data as Fields;
    at = end;
  }
}

type AddDelta = (choice: Fields, delta: Readonly<Record<string, unknown>>) => void;

function assembleChunks(events: readonly Fields[], add: AddDelta): Fields | undefined {
  const choices = new Map<number, Fields>();
  const answer: Fields = {};
  for (const { choices: parts, usage, ...head } of events) {
    for (const [name, value] of Object.entries(head)) answer[name] ??= value;
    if (usage) answer["usage"] = usage;
    if (!Array.isArray(parts)) continue;
    for (const part of parts) {
      const delta = toRecord(part);
      const index = typeof delta["index"] === "number" ? delta["index"] : 0;
      const choice = choices.get(index) ?? { index };
      choices.set(index, choice);
      add(choice, delta);
      if (delta["finish_reason"]) choice["finish_reason"] = delta["finish_reason"];
    }
  }
  return { ...answer, choices: [...choices.values()] };
}

function addTextDelta(choice: Fields, { text }: Readonly<Record<string, unknown>>): void {
  choice["text"] = join(choice["text"], text);
}

function addChatDelta(choice: Fields, part: Readonly<Record<string, unknown>>): void {
  const message = (choice["message"] ??= { role: "assistant", content: null }) as Fields;
  const delta = toRecord(part["delta"]);
  for (const name of ["content", "refusal", "reasoning_content"]) {
    if (typeof delta[name] === "string") message[name] = join(message[name], delta[name]);
  }
  if (!Array.isArray(delta["tool_calls"])) return;
  const calls = (message["tool_calls"] ??= []) as Fields[];
  for (const one of delta["tool_calls"]) {
    const call = toRecord(one);
    const index = typeof call["index"] === "number" ? call["index"] : calls.length;
    const known = (calls[Math.min(index, calls.length)] ??= { type: "function", function: {} });
    if (call["id"]) known["id"] = call["id"];
    const given = toRecord(call["function"]);
    const target = known["function"] as Fields;
    if (given["name"]) target["name"] = given["name"];
    target["arguments"] = join(target["arguments"], given["arguments"]);
  }
}

const RESPONSE_ENDS = new Set(["response.completed", "response.incomplete", "response.failed"]);

function assembleResponse(events: readonly Fields[]): unknown {
  return events.findLast(({ type }) => RESPONSE_ENDS.has(String(type)))?.["response"];
}

function assembleMessage(events: readonly Fields[]): Fields | undefined {
  let message: Fields | undefined;
  const blocks: Fields[] = [];
  for (const event of events) {
    switch (event["type"]) {
      case "message_start":
        message = { ...toRecord(event["message"]), content: blocks };
        break;
      case "content_block_start":
        blocks[blocks.length] = { ...toRecord(event["content_block"]) };
        break;
      case "content_block_delta":
        addBlockDelta(blocks.at(-1), toRecord(event["delta"]));
        break;
      case "content_block_stop":
        endBlock(blocks.at(-1));
        break;
      case "message_delta":
        if (message) {
          Object.assign(message, event["delta"]);
          message["usage"] = { ...toRecord(message["usage"]), ...toRecord(event["usage"]) };
        }
        break;
      default:
    }
  }
  return message;
}

function addBlockDelta(block: Fields | undefined, delta: Readonly<Record<string, unknown>>): void {
  if (block === undefined) return;
  if (delta["type"] === "text_delta") block["text"] = join(block["text"], delta["text"]);
  if (delta["type"] === "thinking_delta") block["thinking"] = join(block["thinking"], delta["thinking"]);
  if (delta["type"] === "signature_delta") block["signature"] = delta["signature"];
  if (delta["type"] === "input_json_delta") block["json"] = join(block["json"], delta["partial_json"]);
}

function endBlock(block: Fields | undefined): void {
  if (block?.["json"] === undefined) return;
  const { json } = block;
  delete block["json"];
  const input = parseWhole(Buffer.from(String(json)));
  if (input !== undefined) block["input"] = input;
}

function join(before: unknown, added: unknown): string {
  return (typeof before === "string" ? before : "") + (typeof added === "string" ? added : "");
}
