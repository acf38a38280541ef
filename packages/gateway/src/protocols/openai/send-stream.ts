import type { AnswerEvent } from "../../core/answer.ts";
import type { EventStream } from "../../server/event-stream.ts";
import type { Exchange } from "../../server/exchange.ts";

/**
 * Sends an answer as server-sent events. The status goes out with the first event, so that whatever fails
 * before it is an ordinary error answer.
 */
export async function sendStream(
  exchange: Exchange,
  events: AsyncIterable<AnswerEvent>,
  render: (event: AnswerEvent) => string,
): Promise<void> {
  let stream: EventStream | undefined;
  for await (const event of events) {
    if (event.type === "end") exchange.noteUsage(event.usage.inputTokens, event.usage.outputTokens);
    const text = render(event);
    if (text === "") continue;
    stream ??= exchange.openEventStream();
    const drained = stream.send(text);
    if (drained) await drained;
  }
  (stream ?? exchange.openEventStream()).end("data: [DONE]\n\n");
}
