import type { Answer } from "../../../core/answer.ts";
import { renderHead, renderUsage } from "../answer-head.ts";
import type { AnswerHead } from "../answer-head.ts";
import { FINISH_REASON } from "../finish-reason.ts";
import { renderChatLogprobs } from "./logprobs.ts";

/** A whole `chat.completion` object as JSON. */
export function renderChatCompletion(head: AnswerHead, logProbabilities: boolean, answer: Answer): string {
  const choices = answer.choices.map(
    ({ text, tokens, reason }, index) =>
      `{"index":${index},"message":{"role":"assistant","content":${JSON.stringify(text)},"refusal":null},` +
      `"logprobs":${logProbabilities ? renderChatLogprobs(tokens) : "null"},` +
      `"finish_reason":"${FINISH_REASON[reason]}"}`,
  );
  return (
    `${renderHead(head, "chat.completion")},"choices":[${choices.join(",")}],` +
    `"usage":${renderUsage(answer.usage)}}`
  );
}
