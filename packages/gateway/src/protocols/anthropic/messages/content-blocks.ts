// Content blocks of an answer as JSON; the whole answer and the stream are made of the same.
import { randomUUID } from "node:crypto";
import { isObject } from "../block-fields.ts";
import { pickProofs, sealCall, sealReasoning } from "../carried-reasoning.ts";
import type { ProviderExtras } from "../json.ts";

export function textBlock(text: string, citations: readonly string[]): string {
  const cited = citations.length > 0 ? `[${citations.join(",")}]` : "null";
  return `{"type":"text","text":${JSON.stringify(text)},"citations":${cited}}`;
}

export function thinkingBlock(text: string, signature: string): string {
  return `{"type":"thinking","thinking":${JSON.stringify(text)},"signature":${JSON.stringify(signature)}}`;
}

export function redactedBlock(data: string): string {
  return `{"type":"redacted_thinking","data":${JSON.stringify(data)}}`;
}

/** `inputJson` as `toInputJson` gives it. */
export function toolUseBlock(id: string, name: string, inputJson: string): string {
  return (
    `{"type":"tool_use","id":${JSON.stringify(id)},"name":${JSON.stringify(name)},` +
    `"input":${inputJson},"caller":{"type":"direct"}}`
  );
}

const TOOL_USE_ID = /^[a-zA-Z0-9_-]+$/;

/**
 * Clients find results by this id, so a call without one gets one; and Anthropic, which may see it in a later
 * turn, takes no others than these.
 */
export function toToolUseId(toolCallId: string): string {
  if (toolCallId === "") return `toolu_${randomUUID().replaceAll("-", "")}`;
  return TOOL_USE_ID.test(toolCallId) ? toolCallId : toolCallId.replaceAll(/[^a-zA-Z0-9_-]/g, "_");
}

/** A call's input as a JSON object. What is none is kept under the name that Anthropic's guides use for it. */
export function toInputJson(input: string): string {
  const text = input.trim();
  if (text === "" || text === "{}" || text === "null") return "{}";
  try {
    if (isObject(JSON.parse(text))) return text;
  } catch {
    // Kept as it is below.
  }
  return `{"INVALID_JSON":${JSON.stringify(input)}}`;
}

/** The proof of a piece of thinking, or data of thinking that nobody may read. */
export type ReasoningProof =
  | { kind: "signature"; signature: string; isEmpty: boolean }
  | { kind: "redacted"; data: string };

/** Anthropic's own proofs stay as they are, from its models on Bedrock as well. */
const ANTHROPIC_FAMILY = ["anthropic", "amazonBedrock", "bedrock"];

export function toReasoningProof(metadata: ProviderExtras | undefined): ReasoningProof {
  for (const provider of ANTHROPIC_FAMILY) {
    const own = metadata?.[provider];
    if (typeof own?.["redactedData"] === "string") return { kind: "redacted", data: own["redactedData"] };
    if (typeof own?.["signature"] === "string") {
      return { kind: "signature", signature: own["signature"], isEmpty: false };
    }
  }
  const proofs = pickProofs(metadata);
  return { kind: "signature", signature: sealReasoning(proofs), isEmpty: proofs === undefined };
}

/** The block before a call that a provider wants back with a proof; undefined where it wants none. */
export function proofBlockOfCall(id: string, metadata: ProviderExtras | undefined): string | undefined {
  const proofs = pickProofs(metadata);
  const data = proofs && sealCall(id, proofs);
  return data === undefined ? undefined : redactedBlock(data);
}
