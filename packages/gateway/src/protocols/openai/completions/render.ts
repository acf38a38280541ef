import type { Answer } from "../../../core/answer.ts";
import { renderHead, renderUsage } from "../answer-head.ts";
import type { AnswerHead } from "../answer-head.ts";
import { FINISH_REASON } from "../finish-reason.ts";
import { LogprobsRenderer } from "./logprobs.ts";
import type { TextCompletionRequest } from "./request.ts";

/** A whole `text_completion` object as JSON. */
export function renderTextCompletion(
  head: AnswerHead,
  request: Pick<TextCompletionRequest, "echoes" | "logProbabilities" | "numChoicesPerPrompt">,
  answer: Answer,
): string {
  const choices = answer.choices.map(({ text, tokens, reason }, index) => {
    const echo = request.echoes[Math.floor(index / request.numChoicesPerPrompt)] ?? "";
    const logprobs = request.logProbabilities ? new LogprobsRenderer().render(tokens) : "null";
    return (
      `{"text":${JSON.stringify(echo + text)},"index":${index},"logprobs":${logprobs},` +
      `"finish_reason":"${FINISH_REASON[reason]}"}`
    );
  });
  return (
    `${renderHead(head, "text_completion")},"choices":[${choices.join(",")}],` +
    `"usage":${renderUsage(answer.usage)}}`
  );
}
