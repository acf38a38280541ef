// A conversation may have begun with a model of another provider, whose thinking this gateway rendered as
// Anthropic's. A real Anthropic would refuse those signatures, so they are taken out of what passes through.
// All other requests keep their bytes as they are.
import type { RequestBytes } from "../../../core/model-request.ts";
import { isBlock } from "../block-fields.ts";
import { CARRIED_PREFIX, isCarried } from "../carried-reasoning.ts";
import type { PromptBody } from "./body-schema.ts";
import { isOwnCitation } from "./citations.ts";

type Messages = PromptBody["messages"];

/** The same bytes with the given headers, and without what only this gateway understands. */
export function toPassableBytes(
  bytes: RequestBytes,
  messages: Messages,
  headers: Readonly<Record<string, string>>,
): RequestBytes {
  const { contentType } = bytes;
  const cleaned = bytes.raw.includes(CARRIED_PREFIX) ? withoutTraces(messages) : messages;
  if (cleaned === messages) {
    return { raw: bytes.raw, contentType, headers, edit: (changes) => bytes.edit(changes) };
  }
  let raw: Buffer | undefined;
  return {
    get raw() {
      return (raw ??= bytes.edit({ messages: cleaned }));
    },
    contentType,
    headers,
    edit: (changes) => bytes.edit({ messages: cleaned, ...changes }),
  };
}

function withoutTraces(messages: Messages): Messages {
  let changed = false;
  const cleaned: Messages = [];
  for (const message of messages) {
    if (message.role !== "assistant" || !Array.isArray(message.content)) {
      cleaned.push(message);
      continue;
    }
    const content = message.content.filter((block) => !isTrace(block)).map(withoutOwnCitations);
    if (content.every((block, index) => block === (message.content as unknown[])[index])) {
      if (content.length === message.content.length) {
        cleaned.push(message);
        continue;
      }
    }
    changed = true;
    if (content.length > 0) cleaned.push({ ...message, content });
  }
  return changed ? cleaned : messages;
}

function isTrace(block: unknown): boolean {
  if (!isBlock(block)) return false;
  if (block.type === "thinking") return isCarried(block["signature"]);
  return block.type === "redacted_thinking" && isCarried(block["data"]);
}

function withoutOwnCitations<B extends { [field: string]: unknown }>(block: B): B {
  const { citations } = block;
  if (!Array.isArray(citations) || !citations.some(isOwnCitation)) return block;
  const kept = citations.filter((citation) => !isOwnCitation(citation));
  return { ...block, citations: kept.length > 0 ? kept : null };
}
