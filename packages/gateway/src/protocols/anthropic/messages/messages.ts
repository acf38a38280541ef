import type { ChatCall } from "@homegrown/contracts";
import { blocksOf, isGiven, isObject, stringField } from "../block-fields.ts";
import type { Block } from "../block-fields.ts";
import { inexpressible } from "../parse-request.ts";
import { toAssistantParts } from "./assistant.ts";
import type { PromptBody } from "./body-schema.ts";
import { cacheOptions } from "./cache-control.ts";
import { toDocumentParts, toImagePart, toSearchResultParts } from "./media.ts";
import type { MediaPart } from "./media.ts";
import { toToolResult } from "./tool-results.ts";
import type { ToolResultPart } from "./tool-results.ts";

type Prompt = ChatCall["prompt"];
type PortMessage = Prompt[number];

/** What a system message in mid-conversation may say besides its text. */
const SYSTEM_CONTROLS = ["clear_at", "output_config"];

/**
 * Anthropic's system text and messages as the chat port's prompt. Names what is left out in `dropped`; throws
 * `gateway/invalid-request` for what the port cannot express.
 */
export function toPrompt({ system, messages }: PromptBody, dropped: Set<string>): Prompt {
  const prompt: Prompt = [];
  if (system !== undefined && system !== null) prompt.push(...toSystem(blocksOf(system, "system"), "system"));
  const toolNames = new Map<string, string>();
  for (const [index, message] of messages.entries()) {
    const at = `messages.${index}.content`;
    const blocks = blocksOf(message.content, at);
    if (message.role === "system") {
      for (const control of SYSTEM_CONTROLS) {
        if (isGiven(message[control])) dropped.add(`messages.${control}`);
      }
      prompt.push(...toSystem(blocks, at));
    } else if (message.role === "assistant") {
      prompt.push({ role: "assistant", content: toAssistantParts(blocks, at, toolNames) });
    } else {
      prompt.push(...toUserMessages(blocks, at, toolNames, dropped));
    }
  }
  return prompt;
}

/**
 * One message as far as possible, since many chat templates know only one; a cache breakpoint ends a message,
 * so that what is cached ends where the client wants it to.
 */
function toSystem(blocks: readonly Block[], at: string): PortMessage[] {
  const messages: PortMessage[] = [];
  let texts: string[] = [];
  for (const [index, block] of blocks.entries()) {
    if (block.type !== "text") throw inexpressible(`${at}.${index}.type`, "a system block other than text");
    texts.push(stringField(block, "text", `${at}.${index}`));
    if (!isObject(block["cache_control"])) continue;
    messages.push({ role: "system", content: texts.join("\n"), ...cacheOptions(block) });
    texts = [];
  }
  if (texts.length > 0) messages.push({ role: "system", content: texts.join("\n") });
  return messages;
}

/** Results of tools are messages of their own in the port; the order stays. */
function toUserMessages(
  blocks: readonly Block[],
  at: string,
  toolNames: ReadonlyMap<string, string>,
  dropped: Set<string>,
): PortMessage[] {
  const messages: PortMessage[] = [];
  let results: ToolResultPart[] | undefined;
  let parts: MediaPart[] | undefined;
  for (const [index, block] of blocks.entries()) {
    if (block.type === "tool_result") {
      parts = undefined;
      if (results === undefined) messages.push({ role: "tool", content: (results = []) });
      results.push(toToolResult(block, `${at}.${index}`, toolNames, dropped));
    } else {
      results = undefined;
      if (parts === undefined) messages.push({ role: "user", content: (parts = []) });
      parts.push(...toUserParts(block, `${at}.${index}`, dropped));
    }
  }
  return messages;
}

function toUserParts(block: Block, at: string, dropped: Set<string>): MediaPart[] {
  switch (block.type) {
    case "text":
      return [{ type: "text", text: stringField(block, "text", at), ...cacheOptions(block) }];
    case "image":
      return [toImagePart(block, at)];
    case "document":
      return toDocumentParts(block, at, dropped);
    case "search_result":
      return toSearchResultParts(block, at, dropped);
    default:
      throw inexpressible(`${at}.type`, "a block of this type in a user message");
  }
}
