// The input of a Responses request: text, or items.
import { describeImage, oneOf, toList, toObject, toText } from "./check.ts";
import type { Body } from "./protocol.ts";
import { isSealed } from "./sealed-reasoning.ts";
import { Refusal } from "./turn.ts";
import type { ToolResult, Turn } from "./turn.ts";

type Conversation = Pick<Turn, "userText" | "images" | "numFiles" | "toolResults">;

interface Reading {
  images: string[];
  numFiles: number;
  userText: string;
  calls: Map<string, string>;
  results: ToolResult[];
}

export function readInput(input: unknown): Conversation {
  if (typeof input === "string") {
    return { userText: input, images: [], numFiles: 0, toolResults: undefined };
  }
  const reading: Reading = { images: [], numFiles: 0, userText: "", calls: new Map(), results: [] };
  toList(input, "input").forEach((entry, index) =>
    readItem(toObject(entry, `input[${index}]`), `input[${index}]`, reading),
  );
  for (const id of reading.calls.keys())
    throw new Refusal(`No tool output found for function call ${id}.`, "input");
  const { images, numFiles, userText, results } = reading;
  return { images, numFiles, userText, toolResults: results.length > 0 ? results : undefined };
}

function readItem(item: Body, at: string, reading: Reading): void {
  switch (item["type"] ?? "message") {
    case "message":
      reading.results = [];
      return readMessage(item, at, reading);
    case "function_call":
    case "custom_tool_call": {
      toText(item["type"] === "function_call" ? item["arguments"] : item["input"], `${at}.arguments`);
      reading.results = [];
      reading.calls.set(toText(item["call_id"], `${at}.call_id`), toText(item["name"], `${at}.name`));
      return;
    }
    case "function_call_output":
    case "custom_tool_call_output":
      return readOutput(item, at, reading);
    case "reasoning": {
      toList(item["summary"], `${at}.summary`);
      const sealed = item["encrypted_content"];
      if (typeof sealed === "string" && !isSealed(sealed)) {
        throw new Refusal("The encrypted content could not be verified.", `${at}.encrypted_content`);
      }
      return;
    }
    default:
      toText(item["type"], `${at}.type`);
  }
}

function readOutput(item: Body, at: string, reading: Reading): void {
  const id = toText(item["call_id"], `${at}.call_id`);
  const name = reading.calls.get(id);
  if (name === undefined) {
    throw new Refusal(`No tool call found for function call output with call_id ${id}.`, "input");
  }
  reading.calls.delete(id);
  const output = item["output"];
  const text =
    typeof output === "string" ? output : readContent(toList(output, `${at}.output`), at, "user", reading);
  reading.results.push({ name, text });
}

function readMessage(item: Body, at: string, reading: Reading): void {
  const role = oneOf("user", "assistant", "system", "developer")(item["role"], `${at}.role`);
  const content = item["content"];
  const text =
    typeof content === "string"
      ? content
      : readContent(toList(content, `${at}.content`), `${at}.content`, role, reading);
  if (role === "user") reading.userText = text;
}

function readContent(parts: readonly unknown[], at: string, role: string, reading: Reading): string {
  const kinds =
    role === "assistant"
      ? ["output_text", "refusal"]
      : ["input_text", "input_image", "input_file", "input_audio"];
  let text = "";
  for (const entry of parts) {
    const part = toObject(entry, at);
    const kind = oneOf(...kinds)(part["type"], `${at}.type`);
    if (kind === "input_image") {
      const url = part["image_url"];
      reading.images.push(url === undefined || url === null ? "file" : describeImage(toText(url, at), at));
    } else if (kind === "input_file" || kind === "input_audio") reading.numFiles++;
    else text += toText(part[kind === "refusal" ? "refusal" : "text"], `${at}.text`);
  }
  return text;
}
