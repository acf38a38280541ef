import type { ChatResult } from "@homegrown/contracts";
import type { AnswerHead } from "../../../core/model-request.ts";
import type { TokenUsage } from "../../../core/token-usage.ts";
import { isObject } from "../block-fields.ts";
import { renderCitations } from "./citations.ts";
import {
  proofBlockOfCall,
  redactedBlock,
  textBlock,
  thinkingBlock,
  toInputJson,
  toReasoningProof,
  toToolUseId,
  toolUseBlock,
} from "./content-blocks.ts";
import { toStop } from "./stop-reason.ts";
import type { Stop } from "./stop-reason.ts";
import type { ThinkingDisplay } from "./thinking.ts";
import { renderUsage, toServiceTier } from "./usage.ts";

type Reasoning = Extract<ChatResult["content"][number], { type: "reasoning" }>;
type ToolCall = Extract<ChatResult["content"][number], { type: "tool-call" }>;

export interface RenderOptions {
  stopSequences: readonly string[];
  display: ThinkingDisplay;
}

/**
 * A whole message as JSON. What a block of Anthropic's cannot hold is left out: generated files, sources that
 * belong to no text, and tools that a provider ran by itself.
 */
export function renderMessage(
  result: ChatResult,
  usage: TokenUsage,
  head: AnswerHead,
  { stopSequences, display }: RenderOptions,
): string {
  const blocks: string[] = [];
  let hasToolUse = false;
  for (const part of result.content) {
    if (part.type === "text") {
      if (part.text !== "") blocks.push(textBlock(part.text, renderCitations(part.citations)));
    } else if (part.type === "reasoning") {
      if (display !== "none") blocks.push(...renderReasoning(part, display));
    } else if (part.type === "tool-call" && part.providerExecuted !== true) {
      hasToolUse = true;
      blocks.push(...renderToolCall(part, display));
    }
  }
  const metadata = result.providerMetadata?.["anthropic"];
  return (
    `{${renderHead(head)},"content":[${blocks.join(",")}],` +
    `${renderStop(toStop({ finish: result, hasToolUse, stopSequences }), metadata?.["stopDetails"])},` +
    `"container":null,"diagnostics":null,` +
    `"usage":${renderUsage(usage, toServiceTier(metadata?.["serviceTier"]))}}`
  );
}

/** The members with which a message begins, without braces. */
export function renderHead({ id, model }: AnswerHead): string {
  return `"id":"msg_${id}","type":"message","role":"assistant","model":${JSON.stringify(model)}`;
}

/** `stop_reason` and what belongs to it, without braces. */
export function renderStop({ reason, sequence }: Stop, details: unknown): string {
  const { category, explanation } = isObject(details) ? details : {};
  const refusal =
    reason === "refusal" && isObject(details)
      ? `{"type":"refusal","category":${JSON.stringify(category ?? null)},` +
        `"explanation":${JSON.stringify(explanation ?? null)}}`
      : "null";
  return (
    `"stop_reason":${JSON.stringify(reason)},"stop_sequence":${JSON.stringify(sequence)},` +
    `"stop_details":${refusal}`
  );
}

function renderReasoning({ text, providerMetadata }: Reasoning, display: ThinkingDisplay): string[] {
  const proof = toReasoningProof(providerMetadata);
  if (proof.kind === "redacted") return [redactedBlock(proof.data)];
  // Empty and unsigned: the model says that it thought, but not what.
  if (text === "" && proof.isEmpty) return [];
  return [thinkingBlock(display === "omitted" ? "" : text, proof.signature)];
}

function renderToolCall(call: ToolCall, display: ThinkingDisplay): string[] {
  const { toolCallId, toolName, input, providerMetadata } = call;
  const id = toToolUseId(toolCallId);
  const proof = display === "none" ? undefined : proofBlockOfCall(id, providerMetadata);
  const block = toolUseBlock(id, toolName, toInputJson(input));
  return proof === undefined ? [block] : [proof, block];
}
