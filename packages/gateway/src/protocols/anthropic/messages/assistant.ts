import type { ChatCall } from "@homegrown/contracts";
import { objectField, stringField } from "../block-fields.ts";
import type { Block } from "../block-fields.ts";
import { isCarried, openCarried } from "../carried-reasoning.ts";
import type { JsonObject, ProviderExtras } from "../json.ts";
import { inexpressible } from "../parse-request.ts";
import { cacheOptions } from "./cache-control.ts";
import { isOwnCitation } from "./citations.ts";

type AssistantContent = Extract<ChatCall["prompt"][number], { role: "assistant" }>["content"];
export type AssistantPart = AssistantContent[number];

/** What the assistant said in an earlier turn. Notes the names of its tool calls in `toolNames`. */
export function toAssistantParts(
  blocks: readonly Block[],
  at: string,
  toolNames: Map<string, string>,
): AssistantPart[] {
  const proofsOfCalls = new Map<string, ProviderExtras>();
  for (const { type, data } of blocks) {
    if (type !== "redacted_thinking" || !isCarried(data)) continue;
    const { call, proofs } = openCarried(data);
    if (call !== undefined && proofs !== undefined) proofsOfCalls.set(call, proofs);
  }
  const parts: AssistantPart[] = [];
  for (const [index, block] of blocks.entries()) {
    const part = toPart(block, `${at}.${index}`, proofsOfCalls);
    if (part === undefined) continue;
    if (part.type === "tool-call") toolNames.set(part.toolCallId, part.toolName);
    parts.push(part);
  }
  return parts;
}

function toPart(
  block: Block,
  at: string,
  proofsOfCalls: ReadonlyMap<string, ProviderExtras>,
): AssistantPart | undefined {
  switch (block.type) {
    case "text":
      return { type: "text", text: stringField(block, "text", at), ...textOptions(block) };
    case "thinking":
      return toReasoning(stringField(block, "thinking", at), block["signature"]);
    case "redacted_thinking": {
      const data = stringField(block, "data", at);
      // Ours belong to tool calls and were read with them.
      return isCarried(data) ? undefined : anthropicReasoning("", { redactedData: data });
    }
    case "tool_use": {
      const toolCallId = stringField(block, "id", at);
      const options = { ...cacheOptions(block).providerOptions, ...proofsOfCalls.get(toolCallId) };
      return {
        type: "tool-call",
        toolCallId,
        toolName: stringField(block, "name", at),
        input: objectField(block, "input", at),
        ...(Object.keys(options).length > 0 && { providerOptions: options }),
      };
    }
    case "compaction": {
      // A summary of what came before; to Anthropic models it goes as the block that it is.
      const { signature } = block;
      const anthropic: JsonObject = {
        type: "compaction",
        ...(typeof signature === "string" && { signature }),
      };
      return {
        type: "text",
        text: stringField(block, "content", at),
        providerOptions: { anthropic },
      };
    }
    default:
      throw inexpressible(`${at}.type`, "a block of this type in an assistant message");
  }
}

function toReasoning(text: string, signature: unknown): AssistantPart | undefined {
  if (isCarried(signature)) {
    const { proofs } = openCarried(signature);
    if (proofs === undefined && text === "") return undefined;
    return { type: "reasoning", text, ...(proofs && { providerOptions: proofs }) };
  }
  return anthropicReasoning(text, typeof signature === "string" ? { signature } : {});
}

/** The same signature is good at Anthropic and at its models on Bedrock. */
function anthropicReasoning(text: string, proof: JsonObject): AssistantPart {
  return {
    type: "reasoning",
    text,
    ...(Object.keys(proof).length > 0 && {
      providerOptions: { anthropic: proof, amazonBedrock: proof, bedrock: proof },
    }),
  };
}

function textOptions(block: Block): { providerOptions?: ProviderExtras } {
  const cached = cacheOptions(block);
  const citations = Array.isArray(block["citations"])
    ? block["citations"].filter((citation) => !isOwnCitation(citation))
    : [];
  if (citations.length === 0) return cached;
  return { providerOptions: { anthropic: { ...cached.providerOptions?.["anthropic"], citations } } };
}
