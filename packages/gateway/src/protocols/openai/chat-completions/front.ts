import { generateChat, streamChat } from "../../../core/chat.ts";
import { useModel } from "../../../core/use-model.ts";
import type { Front } from "../../../server/front.ts";
import { newAnswerHead } from "../answer-head.ts";
import { sendStream } from "../send-stream.ts";
import { renderChatCompletion } from "./render.ts";
import { parseChatCompletion } from "./request.ts";
import { ChatCompletionStream } from "./stream.ts";

export const chatCompletions: Front = {
  method: "POST",
  path: "/v1/chat/completions",
  async handle(exchange, { directory, limits }) {
    const request = parseChatCompletion(await exchange.readJson());
    await useModel(directory, request.model, exchange.signal, async (lease) => {
      exchange.noteModel(request.model, lease.version);
      const run = { lease, signal: exchange.signal, parallelChoices: limits.maxParallelChoices };
      const head = newAnswerHead("chatcmpl", request.model, lease.version);
      if (request.stream) {
        const stream = new ChatCompletionStream(head, request);
        await sendStream(exchange, streamChat(request, run), (event) => stream.render(event));
        return;
      }
      const answer = await generateChat(request, run);
      exchange.noteUsage(answer.usage.inputTokens, answer.usage.outputTokens);
      exchange.sendJson(200, renderChatCompletion(head, request.logProbabilities, answer));
    });
  },
};
