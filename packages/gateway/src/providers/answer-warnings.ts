// What a call lost on its way, told with the answer: fronts name it to the client.
import type { ChatResult, ChatStreamPart } from "@homegrown/contracts";

export type Warning = ChatResult["warnings"][number];

/** The warnings join those that the stream begins with. */
export function addWarnings(...added: readonly Warning[]): TransformStream<ChatStreamPart, ChatStreamPart> {
  return new TransformStream({
    transform(part, controller) {
      const isStart = part.type === "stream-start";
      controller.enqueue(isStart ? { ...part, warnings: [...part.warnings, ...added] } : part);
    },
  });
}
