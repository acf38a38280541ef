// Where an Anthropic model thinks by a budget, an answer that ended in calls of tools must come back with the
// thinking that led to them, signed. Clients of other protocols seldom can: their fields hold no signature. Then
// this one step is answered without thinking, instead of refused; the client is told that it was dropped.
// https://platform.claude.com/docs/en/build-with-claude/extended-thinking#preserving-thinking-blocks
import type { ChatCall, ChatModel } from "@homegrown/contracts";
import { addWarnings } from "./answer-warnings.ts";
import type { Warning } from "./answer-warnings.ts";
import { limitThinking } from "./thinking-limit.ts";

type Prompt = ChatCall["prompt"];

const NO_ROOM: Warning = {
  type: "unsupported",
  feature: "reasoning",
  details: "the limit on the answer leaves no room for thinking",
};
const DROPPED: Warning = {
  type: "unsupported",
  feature: "reasoning",
  details: "the calls that these results belong to came back without the signed thinking before them",
};
/** Providers under whose name the same signature travels. */
const SIGNERS = ["anthropic", "amazonBedrock", "bedrock"] as const;

/** Also keeps thinking within the client's limit. `adapts`: the model decides for itself how much it thinks, and then asks for no proof. */
export function withProvenThinking(model: ChatModel, adapts: boolean): ChatModel {
  const plan = (given: ChatCall): { call: ChatCall; warning: Warning | undefined } => {
    if (thinksByBudget(given, adapts) && lacksProof(given.prompt)) {
      return { call: withoutThinking(given), warning: DROPPED };
    }
    const { call, dropped } = limitThinking(given, adapts);
    return { call, warning: dropped ? NO_ROOM : undefined };
  };
  return {
    specificationVersion: "v4",
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    async doGenerate(given) {
      const { call, warning } = plan(given);
      const result = await model.doGenerate(call);
      return warning ? { ...result, warnings: [...result.warnings, warning] } : result;
    },
    async doStream(given) {
      const { call, warning } = plan(given);
      const result = await model.doStream(call);
      return warning ? { ...result, stream: result.stream.pipeThrough(addWarnings(warning)) } : result;
    },
  };
}

function thinksByBudget({ reasoning, providerOptions }: ChatCall, adapts: boolean): boolean {
  const thinking = providerOptions?.["anthropic"]?.["thinking"] as { type?: unknown } | undefined;
  if (thinking !== undefined) return thinking.type === "enabled";
  return !adapts && reasoning !== undefined && reasoning !== "none" && reasoning !== "provider-default";
}

function lacksProof(prompt: Prompt): boolean {
  const last = prompt.findLast((message) => message.role === "assistant");
  if (last === undefined) return false;
  const calls = last.content.some((part) => part.type === "tool-call" && part.providerExecuted !== true);
  return calls && !last.content.some(isProven);
}

function isProven(part: Extract<Prompt[number], { role: "assistant" }>["content"][number]): boolean {
  if (part.type !== "reasoning") return false;
  return SIGNERS.some((name) => {
    const proof = part.providerOptions?.[name];
    return proof?.["signature"] !== undefined || proof?.["redactedData"] !== undefined;
  });
}

function withoutThinking({ reasoning: _, ...call }: ChatCall): ChatCall {
  const { effort: __, ...anthropic } = call.providerOptions?.["anthropic"] ?? {};
  const thinking = { type: "disabled" };
  return { ...call, providerOptions: { ...call.providerOptions, anthropic: { ...anthropic, thinking } } };
}
