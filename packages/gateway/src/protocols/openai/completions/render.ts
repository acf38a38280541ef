import type { Answer } from "../../../core/answer.ts";
import type { AnswerHead } from "../../../core/model-request.ts";
import { toTokenUsage } from "../../../core/completion.ts";
import { renderHead, renderUsage } from "../answer-head.ts";
import { toFinishReason } from "../finish-reason.ts";
import { LogprobsRenderer } from "./logprobs.ts";

export interface RenderOptions {
  logProbabilities: boolean;
  numChoicesPerPrompt: number;
  /** For each prompt what its choices' texts begin with: the prompt itself with `echo`, else nothing. */
  echoes: readonly string[];
}

/** A whole `text_completion` object as JSON. */
export function renderTextCompletion(head: AnswerHead, options: RenderOptions, answer: Answer): string {
  const choices = answer.choices.map(({ text, tokens, reason }, index) => {
    const echo = options.echoes[Math.floor(index / options.numChoicesPerPrompt)] ?? "";
    const logprobs = options.logProbabilities ? new LogprobsRenderer().render(tokens) : "null";
    return (
      `{"text":${JSON.stringify(echo + text)},"index":${index},"logprobs":${logprobs},` +
      `"finish_reason":"${toFinishReason({ unified: reason }, false)}"}`
    );
  });
  return (
    `${renderHead(head, "cmpl", "text_completion")},"choices":[${choices.join(",")}],` +
    `"usage":${renderUsage(toTokenUsage(answer.usage))}}`
  );
}
