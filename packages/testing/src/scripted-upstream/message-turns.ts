// The messages of an Anthropic request, block by block, as strictly as the provider reads them.
import { describeBytes, describeImage, oneOf, optional, toList, toObject, toText } from "./check.ts";
import type { Body } from "./protocol.ts";
import { signThinking } from "./sealed-reasoning.ts";
import { Refusal } from "./turn.ts";
import type { ToolResult, Turn } from "./turn.ts";

type Conversation = Pick<Turn, "userText" | "images" | "numFiles" | "toolResults">;

interface Reading {
  images: string[];
  numFiles: number;
  userText: string;
  /** Calls of the assistant message before, by id. */
  open: Map<string, string>;
}

export function readMessages(list: readonly unknown[], reasons: boolean): Conversation {
  const reading: Reading = { images: [], numFiles: 0, userText: "", open: new Map() };
  let results: ToolResult[] = [];
  list.forEach((entry, index) => {
    const at = `messages.${index}`;
    const message = toObject(entry, at);
    const role = oneOf("user", "assistant", "system")(message["role"], `${at}.role`);
    const blocks = toBlocks(message["content"], `${at}.content`);
    if (role === "assistant") {
      refuseOpen(reading.open, at);
      readAssistant(blocks, at, reading, reasons && index === list.length - 2);
      return;
    }
    results = readUser(blocks, at, reading);
    refuseOpen(reading.open, at);
  });
  refuseOpen(reading.open, "messages");
  const { images, numFiles, userText } = reading;
  return { images, numFiles, userText, toolResults: results.length > 0 ? results : undefined };
}

function refuseOpen(open: Map<string, string>, at: string): void {
  if (open.size === 0) return;
  throw new Refusal(
    `${at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${[...open.keys()].join(", ")}`,
    "messages",
  );
}

function toBlocks(content: unknown, at: string): Body[] {
  if (typeof content === "string") {
    if (content === "") throw new Refusal(`${at}: must not be empty`, "messages");
    return [{ type: "text", text: content }];
  }
  const blocks = toList(content, at).map((block) => toObject(block, at));
  if (blocks.length === 0) throw new Refusal(`${at}: must not be empty`, "messages");
  for (const { type, text } of blocks) {
    if (type === "text" && text === "")
      throw new Refusal(`${at}: text content blocks must be non-empty`, "messages");
  }
  return blocks;
}

function readAssistant(blocks: readonly Body[], at: string, { open }: Reading, mustThink: boolean): void {
  const kinds = ["text", "thinking", "redacted_thinking", "tool_use", "server_tool_use"];
  for (const block of blocks) {
    const type = oneOf(...kinds, "web_search_tool_result")(block["type"], `${at}.content.type`);
    if (type === "tool_use") {
      toObject(block["input"], `${at}.content.input`);
      const id = toText(block["id"], `${at}.content.id`);
      if (!/^[\w-]+$/.test(id)) throw new Refusal(`${at}.content.id: expected letters, digits, _ and -`);
      open.set(id, toText(block["name"], `${at}.content.name`));
    } else if (type === "thinking") {
      const thinking = toText(block["thinking"], `${at}.content.thinking`);
      if (block["signature"] !== signThinking(thinking)) {
        throw new Refusal(`${at}.content: Invalid \`signature\` in \`thinking\` block`, "messages");
      }
    }
  }
  if (mustThink && open.size > 0 && blocks[0]!["type"] !== "thinking") {
    throw new Refusal(
      `${at}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${String(blocks[0]!["type"])}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block.`,
      "messages",
    );
  }
}

function readUser(blocks: readonly Body[], at: string, reading: Reading): ToolResult[] {
  const results: ToolResult[] = [];
  const texts: string[] = [];
  for (const block of blocks) {
    const type = oneOf(
      "text",
      "image",
      "document",
      "tool_result",
      "search_result",
    )(block["type"], `${at}.content.type`);
    if (type === "text") texts.push(toText(block["text"], `${at}.content.text`));
    else if (type === "image") reading.images.push(toImage(block, at));
    else if (type === "tool_result") results.push(toResult(block, at, reading));
    else reading.numFiles++;
  }
  if (texts.length > 0) reading.userText = texts.join("");
  return results;
}

function toResult(block: Body, at: string, reading: Reading): ToolResult {
  const id = toText(block["tool_use_id"], `${at}.content.tool_use_id`);
  const name = reading.open.get(id);
  if (name === undefined) {
    throw new Refusal(
      `${at}.content: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}`,
      "messages",
    );
  }
  reading.open.delete(id);
  const content = optional(block["content"], `${at}.content.content`, (value) =>
    typeof value === "string" ? [{ type: "text", text: value }] : toList(value, `${at}.content.content`),
  );
  const texts: string[] = [];
  for (const entry of content ?? []) {
    const part = toObject(entry, `${at}.content.content`);
    if (part["type"] === "text") texts.push(toText(part["text"], `${at}.content.content.text`));
    else if (part["type"] === "image") reading.images.push(toImage(part, at));
    else reading.numFiles++;
  }
  return { name, text: (block["is_error"] === true ? "error: " : "") + texts.join("") };
}

function toImage(block: Body, at: string): string {
  const source = toObject(block["source"], `${at}.content.source`);
  if (source["type"] === "url") {
    return describeImage(toText(source["url"], `${at}.content.source.url`), `${at}.content.source.url`);
  }
  if (source["type"] === "file") return "file";
  oneOf("base64")(source["type"], `${at}.content.source.type`);
  const mediaType = oneOf(
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
  )(source["media_type"], `${at}.content.source.media_type`);
  return describeBytes(mediaType, toText(source["data"], `${at}.content.source.data`));
}
