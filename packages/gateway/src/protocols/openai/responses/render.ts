import type { ChatResult, ChatStreamPart } from "@homegrown/contracts";
import type { AnswerHead } from "../../../core/model-request.ts";
import type { TokenUsage } from "../../../core/token-usage.ts";
import { ResponseStream } from "./stream.ts";
import type { RenderOptions } from "./stream.ts";

/** The whole answer as one `response` object. The protocol knows one choice only. */
export function renderAnswer(
  [result]: readonly ChatResult[],
  usage: TokenUsage,
  head: AnswerHead,
  options: RenderOptions,
): string {
  const stream = new ResponseStream(head, options);
  for (const [index, content] of (result?.content ?? []).entries()) {
    for (const part of toParts(content, String(index))) stream.render(0, part);
  }
  if (result) stream.render(0, { type: "finish", finishReason: result.finishReason, usage: result.usage });
  return stream.finish(usage).response;
}

/** Content as the parts in which a stream brings it. */
function toParts(content: ChatResult["content"][number], id: string): ChatStreamPart[] {
  if (content.type !== "text" && content.type !== "reasoning") return [content];
  const { text, providerMetadata } = content;
  const metadata = providerMetadata === undefined ? {} : { providerMetadata };
  if (content.type === "reasoning") {
    return [
      { type: "reasoning-start", id, ...metadata },
      { type: "reasoning-delta", id, delta: text },
      { type: "reasoning-end", id },
    ];
  }
  const citations = content.citations === undefined ? {} : { citations: content.citations };
  return [
    { type: "text-delta", id, delta: text, ...metadata },
    { type: "text-end", id, ...citations },
  ];
}
