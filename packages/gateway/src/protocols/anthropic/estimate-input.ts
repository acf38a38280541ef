// How many tokens a prompt has, without a tokenizer: an estimate, not a bound (that is `core/bounds.ts`).
import type { PromptBody } from "./messages/body-schema.ts";

/** English prose has about 4 bytes a token with today's vocabularies, code and JSON about 3. */
const BYTES_PER_TOKEN = 3.5;
/** What a chat template writes around each message. */
const TOKENS_PER_MESSAGE = 4;
/** Anthropic counts an image of its largest size (1.15 megapixels) so. */
const TOKENS_PER_IMAGE = 1_600;
/** A page of a PDF is 1,500 to 3,000 tokens and, in base64, some 100 kB. */
const BASE64_BYTES_PER_FILE_TOKEN = 40;
/** Behind a URL or an id; a few pages. */
const TOKENS_PER_REMOTE_FILE = 6_000;

export function estimateInputTokens({ system, messages, tools }: PromptBody): number {
  const found = { bytes: 0, tokens: messages.length * TOKENS_PER_MESSAGE };
  addContent(system, found);
  for (const { content } of messages) addContent(content, found);
  if (tools && tools.length > 0) found.bytes += Buffer.byteLength(JSON.stringify(tools));
  return Math.ceil(found.bytes / BYTES_PER_TOKEN) + found.tokens;
}

interface Found {
  bytes: number;
  tokens: number;
}

function addContent(content: unknown, found: Found): void {
  if (typeof content === "string") found.bytes += Buffer.byteLength(content);
  if (!Array.isArray(content)) return;
  for (const block of content as { [field: string]: unknown }[]) {
    if (typeof block !== "object" || block === null) continue;
    const { type, source, content: inner, input, text, thinking } = block;
    for (const words of [text, thinking])
      if (typeof words === "string") found.bytes += Buffer.byteLength(words);
    if (input !== undefined) found.bytes += Buffer.byteLength(JSON.stringify(input) ?? "");
    if (type === "image") found.tokens += TOKENS_PER_IMAGE;
    else if (type === "document") addDocument(source, found);
    addContent(inner, found);
  }
}

function addDocument(source: unknown, found: Found): void {
  if (typeof source !== "object" || source === null) return;
  const { type, data, content } = source as { [field: string]: unknown };
  if (type === "content") addContent(content, found);
  else if (typeof data !== "string") found.tokens += TOKENS_PER_REMOTE_FILE;
  else if (type === "text") found.bytes += Buffer.byteLength(data);
  else found.tokens += Math.ceil(data.length / BASE64_BYTES_PER_FILE_TOKEN);
}
