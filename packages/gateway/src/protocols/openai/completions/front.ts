import { generateCompletions, streamCompletions } from "../../../core/completion.ts";
import { useModel } from "../../../core/use-model.ts";
import type { Front } from "../../../server/front.ts";
import { newAnswerHead } from "../answer-head.ts";
import { sendStream } from "../send-stream.ts";
import { renderTextCompletion } from "./render.ts";
import { parseTextCompletion } from "./request.ts";
import { TextCompletionStream } from "./stream.ts";

export const completions: Front = {
  method: "POST",
  path: "/v1/completions",
  async handle(exchange, { directory, limits }) {
    const request = parseTextCompletion(await exchange.readJson(), limits.maxChoices);
    await useModel(directory, request.model, exchange.signal, async (lease) => {
      exchange.noteModel(request.model, lease.version);
      const run = { lease, signal: exchange.signal, parallelChoices: limits.maxParallelChoices };
      const head = newAnswerHead("cmpl", request.model, lease.version);
      if (request.stream) {
        const stream = new TextCompletionStream(head, request);
        await sendStream(exchange, streamCompletions(request, run), (event) => stream.render(event));
        return;
      }
      const answer = await generateCompletions(request, run);
      exchange.noteUsage(answer.usage.inputTokens, answer.usage.outputTokens);
      exchange.sendJson(200, renderTextCompletion(head, request, answer));
    });
  },
};
