import type { ChatResult, TokenLogProbability } from "@homegrown/contracts";
import type { AnswerHead } from "../../../core/model-request.ts";
import type { TokenUsage } from "../../../core/token-usage.ts";
import { renderHead, renderUsage } from "../answer-head.ts";
import { toFinishReason } from "../finish-reason.ts";
import { renderCitations, renderSource } from "./annotations.ts";
import { renderImage } from "./images.ts";
import { renderChatLogprobs, tokensOf } from "./logprobs.ts";
import { unwrapCustomInput } from "./tools.ts";

export interface RenderOptions {
  logProbabilities: boolean;
  /** Names of the tools whose calls are of type `custom`. */
  customTools: ReadonlySet<string>;
}

/** A whole `chat.completion` object as JSON; one result for each choice. */
export function renderChatCompletion(
  head: AnswerHead,
  results: readonly ChatResult[],
  usage: TokenUsage,
  options: RenderOptions,
): string {
  const choices = results.map((result, index) => renderChoice(result, index, options));
  return (
    `${renderHead(head, "chatcmpl", "chat.completion")},"choices":[${choices.join(",")}],` +
    `"usage":${renderUsage(usage)}}`
  );
}

function renderChoice(result: ChatResult, index: number, options: RenderOptions): string {
  let text = "";
  let reasoning = "";
  let tokens: readonly TokenLogProbability[] = [];
  const calls: string[] = [];
  const annotations: string[] = [];
  const images: string[] = [];
  for (const part of result.content) {
    switch (part.type) {
      case "text": {
        const start = text.length;
        text += part.text;
        annotations.push(...renderCitations(part.citations, start, text.length));
        const more = tokensOf(part.providerMetadata);
        if (more.length > 0) tokens = tokens.length === 0 ? more : [...tokens, ...more];
        break;
      }
      case "reasoning":
        reasoning += part.text;
        break;
      case "tool-call":
        // What the provider ran itself is not for the client to run.
        if (!part.providerExecuted) calls.push(renderToolCall(part, options.customTools));
        break;
      case "source":
        annotations.push(...renderSource(part, text.length));
        break;
      case "file": {
        const image = renderImage(part);
        if (image !== undefined) images.push(image);
        break;
      }
      default:
      // Approvals, results of the provider's own tools and its custom parts have no place in this protocol.
    }
  }
  const content = text === "" && calls.length > 0 ? "null" : JSON.stringify(text);
  return (
    `{"index":${index},"message":{"role":"assistant","content":${content},"refusal":null` +
    (reasoning === "" ? "" : `,"reasoning_content":${JSON.stringify(reasoning)}`) +
    (calls.length === 0 ? "" : `,"tool_calls":[${calls.join(",")}]`) +
    (annotations.length === 0 ? "" : `,"annotations":[${annotations.join(",")}]`) +
    (images.length === 0 ? "" : `,"images":[${images.join(",")}]`) +
    `},"logprobs":${options.logProbabilities ? renderChatLogprobs(tokens) : "null"},` +
    `"finish_reason":"${toFinishReason(result.finishReason, calls.length > 0)}"}`
  );
}

function renderToolCall(
  { toolCallId, toolName, input }: { toolCallId: string; toolName: string; input: string },
  customTools: ReadonlySet<string>,
): string {
  const [id, name] = [JSON.stringify(toolCallId), JSON.stringify(toolName)];
  return customTools.has(toolName)
    ? `{"id":${id},"type":"custom","custom":{"name":${name},"input":${JSON.stringify(unwrapCustomInput(input))}}}`
    : `{"id":${id},"type":"function","function":{"name":${name},"arguments":${JSON.stringify(input)}}}`;
}
