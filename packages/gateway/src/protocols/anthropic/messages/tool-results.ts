import type { ChatCall } from "@homegrown/contracts";
import { blocksOf, optionalString, stringField } from "../block-fields.ts";
import type { Block } from "../block-fields.ts";
import { inexpressible, wrongField } from "../parse-request.ts";
import { cacheOptions } from "./cache-control.ts";
import { toDocumentParts, toImagePart, toSearchResultParts } from "./media.ts";
import type { MediaPart } from "./media.ts";

type ToolMessage = Extract<ChatCall["prompt"][number], { role: "tool" }>;
export type ToolResultPart = Extract<ToolMessage["content"][number], { type: "tool-result" }>;
type Output = ToolResultPart["output"];

/** `toolNames`: of the calls so far, by id; the port's results name their tool, Anthropic's do not. */
export function toToolResult(
  block: Block,
  at: string,
  toolNames: ReadonlyMap<string, string>,
  dropped: Set<string>,
): ToolResultPart {
  const toolCallId = stringField(block, "tool_use_id", at);
  const toolName = toolNames.get(toolCallId);
  if (toolName === undefined) {
    throw wrongField(`${at}.tool_use_id`, "the id of a tool_use block in an earlier message");
  }
  return {
    type: "tool-result",
    toolCallId,
    toolName,
    output: toOutput(block, at, dropped),
    ...cacheOptions(block),
  };
}

function toOutput(block: Block, at: string, dropped: Set<string>): Output {
  const isError = block["is_error"] === true;
  const { content } = block;
  if (content === undefined || content === null) return textOutput("", isError);
  if (typeof content === "string") return textOutput(content, isError);
  const parts = blocksOf(content, `${at}.content`).flatMap((inner, index) =>
    toParts(inner, `${at}.content.${index}`, dropped),
  );
  if (parts.every((part) => part.type === "text")) {
    return { ...textOutput(parts.map(({ text }) => text).join("\n"), isError), ...lastOptions(parts) };
  }
  // The port marks errors only where they are text: here a first part says it in words.
  const marked: MediaPart[] = isError ? [{ type: "text", text: "The tool failed:" }, ...parts] : parts;
  return { type: "content", value: marked };
}

function textOutput(value: string, isError: boolean): Output {
  return { type: isError ? "error-text" : "text", value };
}

/** A cache breakpoint within the parts is one at the end of their text. */
function lastOptions(parts: readonly MediaPart[]): Pick<MediaPart, "providerOptions"> {
  const providerOptions = parts.findLast((part) => part.providerOptions !== undefined)?.providerOptions;
  return providerOptions === undefined ? {} : { providerOptions };
}

function toParts(block: Block, at: string, dropped: Set<string>): MediaPart[] {
  switch (block.type) {
    case "text":
      return [{ type: "text", text: stringField(block, "text", at) }];
    case "image":
      return [toImagePart(block, at)];
    case "document":
      return toDocumentParts(block, at, dropped);
    case "search_result":
      return toSearchResultParts(block, at, dropped);
    case "tool_reference": {
      // Every tool is loaded from the start elsewhere; what remains is which one was found.
      const name = optionalString(block, "tool_name", at) ?? stringField(block, "name", at);
      return [{ type: "text", text: `The tool ${name} is available.` }];
    }
    default:
      throw inexpressible(`${at}.type`, "a tool's result of this type");
  }
}
