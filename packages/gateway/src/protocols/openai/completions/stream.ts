import type { AnswerEvent } from "../../../core/answer.ts";
import { toTokenUsage } from "../../../core/completion.ts";
import type { AnswerHead } from "../../../core/model-request.ts";
import { renderHead, renderUsage } from "../answer-head.ts";
import { toFinishReason } from "../finish-reason.ts";
import { LogprobsRenderer } from "./logprobs.ts";
import type { RenderOptions } from "./render.ts";

/** The `text_completion` events of one answer. Strings are joined, not objects serialised: hot path. */
export class TextCompletionStream {
  readonly #start: string;
  readonly #end: string;
  readonly #options: RenderOptions & { includeUsage: boolean };
  readonly #logprobs = new Map<number, LogprobsRenderer>();

  constructor(head: AnswerHead, options: RenderOptions & { includeUsage: boolean }) {
    this.#start = `data: ${renderHead(head, "cmpl", "text_completion")},"choices":[`;
    this.#end = options.includeUsage ? `],"usage":null}\n\n` : `]}\n\n`;
    this.#options = options;
  }

  /** One or more whole events, or nothing. */
  render(event: AnswerEvent): string {
    if (event.type === "end") {
      const { includeUsage } = this.#options;
      const usage = includeUsage
        ? `${this.#start}],"usage":${renderUsage(toTokenUsage(event.usage))}}\n\n`
        : "";
      return `${usage}data: [DONE]\n\n`;
    }
    const { choice } = event;
    const opening = this.#open(choice);
    if (event.type === "finish") {
      const reason = toFinishReason({ unified: event.reason }, false);
      return `${opening}${this.#chunk(choice, "", "null", `"${reason}"`)}`;
    }
    if (event.text === "" && event.tokens.length === 0) return opening;
    const logprobs = this.#options.logProbabilities
      ? this.#logprobs.get(choice)!.render(event.tokens)
      : "null";
    return `${opening}${this.#chunk(choice, event.text, logprobs, "null")}`;
  }

  /** A choice that repeats its prompt begins with it. */
  #open(choice: number): string {
    if (this.#logprobs.has(choice)) return "";
    this.#logprobs.set(choice, new LogprobsRenderer());
    const echo = this.#options.echoes[Math.floor(choice / this.#options.numChoicesPerPrompt)] ?? "";
    return echo === "" ? "" : this.#chunk(choice, echo, "null", "null");
  }

  #chunk(choice: number, text: string, logprobs: string, finishReason: string): string {
    return `${this.#start}{"text":${JSON.stringify(text)},"index":${choice},"logprobs":${logprobs},"finish_reason":${finishReason}}${this.#end}`;
  }
}
